-- Version 1 of a batch: tables as the file of SQLite has them. Money is in micro-dollars, time in microseconds
-- since 1970, so
--   SET search_path = NAME; SELECT state, count(*) FROM job GROUP BY state;
--   SELECT to_timestamp(at / 1e6), * FROM event;
-- can be asked with any tool. Change nothing by hand while workers work on the batch.

CREATE TABLE migration (
  version integer PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now()
);

-- The server that has the batch. Another one may have forgotten intents.
CREATE TABLE server (
  system_identifier text,                -- NULL where the role may not ask for it
  timeline text
);

CREATE TABLE batch (
  id text NOT NULL,
  budget bigint,
  gap bigint,
  burst bigint,
  tat bigint NOT NULL DEFAULT 0,         -- theoretical arrival time of the next claim (GCRA)
  held_until bigint NOT NULL DEFAULT 0,
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  spent bigint NOT NULL DEFAULT 0 CHECK (spent >= 0),
  spent_by_estimate bigint NOT NULL DEFAULT 0 CHECK (spent_by_estimate >= 0),
  in_doubt bigint NOT NULL DEFAULT 0 CHECK (in_doubt >= 0)
);

-- One start of a process. It lives while its lease does.
CREATE TABLE incarnation (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  process text NOT NULL,
  started_at bigint NOT NULL,
  lease bigint NOT NULL,
  alive_until bigint NOT NULL
);

CREATE TABLE model (
  id text PRIMARY KEY,
  highest_cost bigint NOT NULL           -- that the service has reported
);

-- The schema by which the inputs of a model were checked last.
CREATE TABLE model_schema (
  model text PRIMARY KEY,
  schema text NOT NULL
);

CREATE TABLE job (
  n bigint PRIMARY KEY,
  id text NOT NULL UNIQUE,
  model text NOT NULL,
  priority integer NOT NULL,
  estimate bigint NOT NULL,
  state text NOT NULL DEFAULT 'ready' CHECK (state IN
    ('ready', 'intent', 'submitted', 'saved', 'failed', 'cancelled', 'in_doubt')),
  cancel_requested boolean NOT NULL DEFAULT false,
  not_before bigint NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0    -- the number of the last one
) WITH (fillfactor = 70);
CREATE INDEX job_ready ON job (priority DESC, n) WHERE state = 'ready';
CREATE INDEX job_open ON job (n) WHERE state NOT IN ('ready', 'saved');

-- Apart from the job, so that a transition does not rewrite it.
CREATE TABLE job_input (
  n bigint PRIMARY KEY,
  input text NOT NULL
);

CREATE TABLE attempt (
  n bigint NOT NULL,
  number integer NOT NULL,
  key text NOT NULL UNIQUE,
  state text NOT NULL CHECK (state IN
    ('intent', 'submitted', 'saved', 'failed', 'cancelled', 'in_doubt', 'no_job')),
  owner bigint,
  request_id text,
  reserved bigint NOT NULL,
  cost bigint,
  cost_is_estimate boolean NOT NULL DEFAULT false,
  note text,
  result text,
  claimed_at bigint NOT NULL,
  submitted_at bigint,
  ended_at bigint,
  PRIMARY KEY (n, number),
  CHECK (state <> 'intent' OR owner IS NOT NULL),
  CHECK (state NOT IN ('submitted', 'saved', 'failed', 'cancelled') OR request_id IS NOT NULL)
) WITH (fillfactor = 70);
CREATE INDEX attempt_held ON attempt (owner) WHERE state IN ('intent', 'submitted');
CREATE INDEX attempt_in_doubt ON attempt (n) WHERE state = 'in_doubt';

-- Every id that ever came.
CREATE TABLE received (
  key text NOT NULL,
  request_id text NOT NULL,
  at bigint NOT NULL,
  is_stray boolean NOT NULL,             -- no attempt has it
  PRIMARY KEY (key, request_id)
);
CREATE INDEX received_stray ON received (key) WHERE is_stray;

CREATE TABLE event (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  n bigint NOT NULL,
  number integer,                        -- of the attempt
  incarnation bigint,
  state_before text NOT NULL,            -- of the job
  state_after text NOT NULL,
  attempt_state text,
  note text
);

-- An attempt and its job, as far as transitions need them.
CREATE TYPE place AS (
  n bigint, number integer, state text, owner bigint, request_id text, reserved bigint, note text,
  ended_at bigint, model text, job_state text, cancel_requested boolean, is_last boolean
);

-- A row of the answer to a claim or a beat.
CREATE TYPE answer AS (
  kind text, key text, n bigint, number integer, id text, model text, input text, reserved bigint,
  request_id text, is_superseded boolean, amount bigint, claimed_at bigint
);

-- A row of the other answers.
CREATE TYPE outcome AS (kind text, key text, state text);
