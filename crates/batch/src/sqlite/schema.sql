-- A batch. Money is in micro-dollars, time in microseconds since 1970, so
--   SELECT state, count(*) FROM job GROUP BY state
--   SELECT datetime(at / 1000000, 'unixepoch'), * FROM event
-- can be asked with any tool. Change nothing by hand while a process works on the batch.

CREATE TABLE batch (
  id TEXT NOT NULL,
  budget INTEGER,
  gap INTEGER,
  burst INTEGER,
  tat INTEGER NOT NULL DEFAULT 0,        -- theoretical arrival time of the next claim (GCRA)
  held_until INTEGER NOT NULL DEFAULT 0,
  reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0),
  spent_by_estimate INTEGER NOT NULL DEFAULT 0 CHECK (spent_by_estimate >= 0),
  in_doubt INTEGER NOT NULL DEFAULT 0 CHECK (in_doubt >= 0)
) STRICT;

-- One start of a process. The last one lives, as long as it holds the lock file.
CREATE TABLE incarnation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  process TEXT NOT NULL,
  started_at INTEGER NOT NULL
) STRICT;

CREATE TABLE model (
  id TEXT PRIMARY KEY,
  highest_cost INTEGER NOT NULL          -- that the service has reported
) STRICT, WITHOUT ROWID;

-- The schema by which the inputs of a model were checked last.
CREATE TABLE model_schema (
  model TEXT PRIMARY KEY,
  schema TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE job (
  n INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  model TEXT NOT NULL,
  priority INTEGER NOT NULL,
  estimate INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN
    ('ready', 'intent', 'submitted', 'saved', 'failed', 'cancelled', 'in_doubt')),
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  not_before INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0    -- the number of the last one
) STRICT;
CREATE INDEX job_ready ON job (priority DESC, n) WHERE state = 'ready';
CREATE INDEX job_state ON job (state);

-- Apart from the job, so that a transition does not rewrite it.
CREATE TABLE job_input (
  n INTEGER PRIMARY KEY,
  input TEXT NOT NULL
) STRICT;

CREATE TABLE attempt (
  n INTEGER NOT NULL,
  number INTEGER NOT NULL,
  key TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL CHECK (state IN
    ('intent', 'submitted', 'saved', 'failed', 'cancelled', 'in_doubt', 'no_job')),
  owner INTEGER,
  request_id TEXT,
  reserved INTEGER NOT NULL,
  cost INTEGER,
  cost_is_estimate INTEGER NOT NULL DEFAULT 0,
  note TEXT,
  result TEXT,
  claimed_at INTEGER NOT NULL,
  submitted_at INTEGER,
  ended_at INTEGER,
  PRIMARY KEY (n, number),
  CHECK (state <> 'intent' OR owner IS NOT NULL),
  CHECK (state NOT IN ('submitted', 'saved', 'failed', 'cancelled') OR request_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
-- A query must have the same condition, word for word, to be allowed to use it.
CREATE INDEX attempt_held ON attempt (owner) WHERE state IN ('intent', 'submitted');
CREATE INDEX attempt_in_doubt ON attempt (n) WHERE state = 'in_doubt';

-- Every id that ever came.
CREATE TABLE received (
  key TEXT NOT NULL,
  request_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  is_stray INTEGER NOT NULL,             -- no attempt has it
  PRIMARY KEY (key, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX received_stray ON received (key) WHERE is_stray;

CREATE TABLE event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  n INTEGER NOT NULL,
  number INTEGER,                        -- of the attempt
  incarnation INTEGER,
  state_before TEXT NOT NULL,            -- of the job
  state_after TEXT NOT NULL,
  attempt_state TEXT,
  note TEXT
) STRICT;
