-- The transitions of a batch, as functions of the newest version. They are created again after every step of the
-- tables; a step drops those whose arguments or rows change.
--
-- A transition is one statement that calls one function: no worker can stop in the middle of one and keep its
-- locks, and a pooler may give each call another connection. It begins with `locked()`, so that the
-- transitions of a batch are made one after the other.

-- Refuses settings of this connection with which a commit may be forgotten, or a transition miss another.
CREATE OR REPLACE FUNCTION check_durable() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('synchronous_commit') = 'off' OR current_setting('fsync') = 'off' THEN
    RAISE EXCEPTION 'synchronous_commit is %, fsync is %', current_setting('synchronous_commit'),
      current_setting('fsync') USING ERRCODE = 'RC003';
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'transaction_isolation is %', current_setting('transaction_isolation')
      USING ERRCODE = 'RC002';
  END IF;
END $$;

-- Begins a transition: the others of the batch wait until it is committed.
CREATE OR REPLACE FUNCTION locked() RETURNS batch LANGUAGE plpgsql AS $$
DECLARE
  _batch batch;
BEGIN
  PERFORM check_durable();
  SELECT * INTO STRICT _batch FROM batch FOR UPDATE;
  RETURN _batch;
END $$;

-- The time of a transition, once it has its lock: the server's, or a test's.
CREATE OR REPLACE FUNCTION moment(_clock bigint) RETURNS bigint LANGUAGE sql AS $$
  SELECT coalesce(_clock, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
$$;

-- The longest delay: an hour. What is further away was written by a clock that has been set back since.
CREATE OR REPLACE FUNCTION has_come(_time bigint, _now bigint) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
  SELECT _time <= _now OR _time > _now + 3600000000
$$;

CREATE OR REPLACE FUNCTION current_server() RETURNS server LANGUAGE plpgsql AS $$
DECLARE
  _server server;
BEGIN
  BEGIN
    _server.system_identifier := (SELECT system_identifier FROM pg_control_system());
  EXCEPTION WHEN OTHERS THEN NULL;
  END;
  BEGIN
    _server.timeline := substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8);
  EXCEPTION WHEN OTHERS THEN NULL;
  END;
  RETURN _server;
END $$;

CREATE OR REPLACE FUNCTION check_server() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now server := current_server();
BEGIN
  PERFORM 1 FROM server s
    WHERE s.system_identifier <> _now.system_identifier OR s.timeline <> _now.timeline;
  IF FOUND THEN
    RAISE EXCEPTION 'system identifier %, timeline %', _now.system_identifier, _now.timeline
      USING ERRCODE = 'RC004';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION accept_server() RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now server := current_server();
BEGIN
  PERFORM locked();
  UPDATE server SET system_identifier = _now.system_identifier, timeline = _now.timeline;
END $$;

CREATE OR REPLACE FUNCTION check_alive(_me bigint, _now bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM incarnation i WHERE i.id = _me AND i.alive_until > _now;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'incarnation % has ended', _me USING ERRCODE = 'RC001';
  END IF;
END $$;

CREATE OR REPLACE FUNCTION located(_key text) RETURNS place LANGUAGE sql AS $$
  SELECT a.n, a.number, a.state, a.owner, a.request_id, a.reserved, a.note, a.ended_at, j.model, j.state,
    j.cancel_requested, a.number = j.attempts
  FROM attempt a JOIN job j ON j.n = a.n WHERE a.key = _key
$$;

-- Writes an event of the journal.
CREATE OR REPLACE FUNCTION note_event(_now bigint, _n bigint, _number integer, _attempt_state text, _by bigint,
  _before text, _after text, _note text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (at, n, number, incarnation, state_before, state_after, attempt_state, note)
  VALUES (_now, _n, _number, _by, _before, _after, _attempt_state, _note)
$$;

CREATE OR REPLACE FUNCTION set_job_state(_n bigint, _before text, _after text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF _before <> _after THEN
    UPDATE job SET state = _after WHERE n = _n;
  END IF;
END $$;

-- The state of a job that is not submitted after all.
CREATE OR REPLACE FUNCTION unless_cancelled(_at place, _state text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN _at.cancel_requested THEN 'cancelled' ELSE _state END
$$;

-- Ends an attempt, or puts it in doubt, and with it the job that waits for it. Its money moves with it;
-- `_cost` is what is spent of it, and NULL where it is an estimate.
CREATE OR REPLACE FUNCTION end_attempt(_at place, _by bigint, _attempt_state text, _job_state text, _cost bigint,
  _note text, _now bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  _is_spent boolean := _attempt_state NOT IN ('in_doubt', 'no_job');
  _spent bigint := CASE WHEN _is_spent THEN coalesce(_cost, _at.reserved) END;
  _is_estimate boolean := _is_spent AND _cost IS NULL;
  _after text := _at.job_state;
BEGIN
  UPDATE batch SET
    reserved = reserved - CASE WHEN _at.state IN ('intent', 'submitted') THEN _at.reserved ELSE 0 END,
    in_doubt = in_doubt - CASE WHEN _at.state = 'in_doubt' THEN _at.reserved ELSE 0 END
      + CASE WHEN _attempt_state = 'in_doubt' THEN _at.reserved ELSE 0 END,
    spent = spent + coalesce(_spent, 0),
    spent_by_estimate = spent_by_estimate + CASE WHEN _is_estimate THEN _spent ELSE 0 END;
  UPDATE attempt SET state = _attempt_state, note = _note, ended_at = _now, cost = _spent,
      cost_is_estimate = _is_estimate
    WHERE n = _at.n AND number = _at.number;
  IF _at.is_last AND _at.job_state IN ('intent', 'in_doubt', 'submitted') THEN
    _after := _job_state;
  END IF;
  PERFORM set_job_state(_at.n, _at.job_state, _after);
  PERFORM note_event(_now, _at.n, _at.number, _attempt_state, _by, _at.job_state, _after, _note);
END $$;

-- Makes an attempt without an id submitted.
CREATE OR REPLACE FUNCTION submit(_at place, _by bigint, _request_id text, _now bigint) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  _after text := CASE WHEN _at.is_last THEN 'submitted' ELSE _at.job_state END;
BEGIN
  IF _at.state <> 'intent' THEN
    UPDATE batch SET reserved = reserved + _at.reserved,
      in_doubt = in_doubt - CASE WHEN _at.state = 'in_doubt' THEN _at.reserved ELSE 0 END;
  END IF;
  UPDATE attempt SET state = 'submitted', owner = _by, request_id = _request_id, submitted_at = _now,
      note = NULL, ended_at = NULL
    WHERE n = _at.n AND number = _at.number;
  PERFORM set_job_state(_at.n, _at.job_state, _after);
  PERFORM note_event(_now, _at.n, _at.number, 'submitted', _by, _at.job_state, _after, _request_id);
END $$;

CREATE OR REPLACE FUNCTION keep_id(_key text, _request_id text, _is_stray boolean, _now bigint) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO received (key, request_id, at, is_stray) VALUES (_key, _request_id, _now, _is_stray)
  ON CONFLICT DO NOTHING
$$;

CREATE OR REPLACE FUNCTION set_limits(_budget bigint, _gap bigint, _burst bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM locked();
  UPDATE batch SET budget = _budget, gap = _gap, burst = _burst;
END $$;

CREATE OR REPLACE FUNCTION hold_back(_clock bigint, _time bigint) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _batch batch := locked();
  _now bigint := moment(_clock);
BEGIN
  UPDATE batch SET held_until = CASE WHEN has_come(_batch.held_until, _now) THEN _now + _time
    ELSE greatest(_now + _time, _batch.held_until) END;
END $$;

CREATE OR REPLACE FUNCTION import(_clock bigint, _ids text[], _models text[], _inputs text[], _estimates bigint[],
  _priorities integer[], _imported_again text) RETURNS SETOF outcome LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _last bigint;
  _old record;
  _made_no_job boolean;
  _is_same boolean;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  SELECT coalesce(max(j.n), 0) INTO _last FROM job j;
  -- Jobs that are all new, as in most imports, need no look at each.
  IF (SELECT count(DISTINCT u.id) FROM unnest(_ids) u (id)) = cardinality(_ids)
      AND NOT EXISTS (SELECT FROM job j WHERE j.id = ANY (_ids)) THEN
    INSERT INTO job (n, id, model, priority, estimate)
      SELECT _last + u.place, u.id, u.model, u.priority, u.estimate
      FROM unnest(_ids, _models, _priorities, _estimates)
        WITH ORDINALITY u (id, model, priority, estimate, place);
    INSERT INTO job_input (n, input)
      SELECT _last + u.place, u.input FROM unnest(_inputs) WITH ORDINALITY u (input, place);
    RETURN QUERY SELECT 'added', u.id, NULL FROM unnest(_ids) u (id);
    RETURN;
  END IF;
  FOR _i IN 1..cardinality(_ids) LOOP
    SELECT j.n, j.model, j.state, j.cancel_requested, i.input, a.state AS last INTO _old
      FROM job j JOIN job_input i ON i.n = j.n
      LEFT JOIN attempt a ON a.n = j.n AND a.number = j.attempts WHERE j.id = _ids[_i];
    IF NOT FOUND THEN
      _last := _last + 1;
      INSERT INTO job (n, id, model, priority, estimate)
        VALUES (_last, _ids[_i], _models[_i], _priorities[_i], _estimates[_i]);
      INSERT INTO job_input (n, input) VALUES (_last, _inputs[_i]);
      RETURN NEXT ('added', _ids[_i], NULL)::outcome;
      CONTINUE;
    END IF;
    _made_no_job := coalesce(_old.last, 'no_job') = 'no_job';
    IF _old.state = 'cancelled' AND NOT _old.cancel_requested AND _made_no_job THEN
      -- It was withdrawn.
      UPDATE job SET state = 'ready', model = _models[_i], priority = _priorities[_i],
          estimate = _estimates[_i]
        WHERE n = _old.n;
      UPDATE job_input SET input = _inputs[_i] WHERE n = _old.n AND input <> _inputs[_i];
      PERFORM note_event(_now, _old.n, NULL, NULL, NULL, 'cancelled', 'ready', _imported_again);
      RETURN NEXT ('added', _ids[_i], NULL)::outcome;
      CONTINUE;
    END IF;
    _is_same := _old.model = _models[_i] AND _old.input = _inputs[_i];
    IF NOT _is_same AND NOT (_old.state = 'ready' AND _made_no_job) THEN
      RETURN NEXT ('conflict', _ids[_i], _old.state)::outcome;
      CONTINUE;
    END IF;
    IF _old.state = 'ready' THEN
      UPDATE job SET model = _models[_i], priority = _priorities[_i], estimate = _estimates[_i]
        WHERE n = _old.n;
      UPDATE job_input SET input = _inputs[_i] WHERE n = _old.n AND input <> _inputs[_i];
    END IF;
    RETURN NEXT (CASE WHEN _is_same THEN 'known' ELSE 'replaced' END, _ids[_i], NULL)::outcome;
  END LOOP;
END $$;

-- Cancels jobs that are not submitted; an import makes them ready again.
CREATE OR REPLACE FUNCTION withdraw(_clock bigint, _ids text[], _withdrawn text) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _n bigint;
  _number bigint := 0;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  FOR _i IN 1..cardinality(_ids) LOOP
    SELECT j.n INTO _n FROM job j LEFT JOIN attempt a ON a.n = j.n AND a.number = j.attempts
      WHERE j.id = _ids[_i] AND j.state = 'ready' AND coalesce(a.state, 'no_job') = 'no_job';
    IF FOUND THEN
      UPDATE job SET state = 'cancelled' WHERE n = _n;
      PERFORM note_event(_now, _n, NULL, NULL, NULL, 'ready', 'cancelled', _withdrawn);
      _number := _number + 1;
    END IF;
  END LOOP;
  RETURN _number;
END $$;

CREATE OR REPLACE FUNCTION set_schemas(_models text[], _schemas text[]) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM locked();
  FOR _i IN 1..cardinality(_models) LOOP
    INSERT INTO model_schema (model, schema) VALUES (_models[_i], _schemas[_i])
      ON CONFLICT (model) DO UPDATE SET schema = excluded.schema;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION register(_clock bigint, _process text, _lease bigint) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _id bigint;
  _now bigint;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  INSERT INTO incarnation (process, started_at, lease, alive_until)
    VALUES (_process, _now, _lease, _now + _lease) RETURNING id INTO _id;
  RETURN _id;
END $$;

-- Stores the address of the service. Returns the one before instead, where jobs have not ended there, or other
-- processes work there.
CREATE OR REPLACE FUNCTION use_service(_clock bigint, _me bigint, _address text) RETURNS SETOF text
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _batch batch := locked();
  _now bigint := moment(_clock);
BEGIN
  PERFORM check_alive(_me, _now);
  IF _batch.service <> _address AND (
      EXISTS (SELECT FROM attempt a WHERE a.state IN ('intent', 'submitted'))
      OR EXISTS (SELECT FROM attempt a WHERE a.state = 'in_doubt')
      OR EXISTS (SELECT FROM incarnation i WHERE i.id <> _me AND i.alive_until > _now)) THEN
    RETURN NEXT _batch.service;
    RETURN;
  END IF;
  UPDATE batch SET service = _address WHERE service IS DISTINCT FROM _address;
END $$;

CREATE OR REPLACE FUNCTION accept_service(_address text) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM locked();
  UPDATE batch SET service = _address;
END $$;

-- The jobs that are claimed next. Planned for each number of jobs, or a plan for all jobs may be kept; the rest of
-- a claim keeps its plans.
CREATE OR REPLACE FUNCTION next_ready(_now bigint, _limit bigint)
RETURNS TABLE (place bigint, n bigint, number integer, reserved bigint)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  RETURN QUERY
    SELECT row_number() OVER (ORDER BY j.priority DESC, j.n), j.n, j.attempts + 1,
      greatest(j.estimate, coalesce(m.highest_cost, 0))
    FROM job j LEFT JOIN model m ON m.id = j.model
    WHERE j.state = 'ready' AND (j.not_before <= _now OR j.not_before > _now + 3600000000)
    ORDER BY j.priority DESC, j.n LIMIT _limit;
END $$;

-- Claims within rate and money. The last row says why there are no more.
CREATE OR REPLACE FUNCTION claim(_clock bigint, _me bigint, _room bigint) RETURNS SETOF answer
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _batch batch := locked();
  _now bigint := moment(_clock);
  _base numeric;
  _tolerance numeric;
  _slots numeric;
  _taken record;
  _number bigint;
  _wait bigint;
  _next bigint;
BEGIN
  PERFORM check_alive(_me, _now);
  PERFORM check_server();
  IF NOT has_come(_batch.held_until, _now) THEN
    RETURN NEXT ('after', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
      _batch.held_until - _now, NULL)::answer;
    RETURN;
  END IF;
  IF _batch.gap IS NOT NULL THEN
    _tolerance := _batch.gap::numeric * (_batch.burst - 1);
    -- One that is further away than a burst was written by a clock that has been set back since.
    _base := CASE WHEN _batch.tat > _now + _tolerance + _batch.gap THEN _now
      ELSE greatest(_batch.tat, _now) END;
    _slots := greatest(div(_tolerance - (_base - _now), _batch.gap) + 1, 0);
    IF _tolerance < _base - _now THEN
      _slots := 0;
    END IF;
  END IF;
  -- The first job that does not fit into the budget ends the claim.
  SELECT array_agg(r.n ORDER BY r.place) FILTER (WHERE r.fits) AS ns,
      array_agg(r.number ORDER BY r.place) FILTER (WHERE r.fits) AS numbers,
      array_agg(r.reserved ORDER BY r.place) FILTER (WHERE r.fits) AS reserved,
      sum(r.reserved) FILTER (WHERE r.fits) AS money,
      (array_agg(r.reserved ORDER BY r.place) FILTER (WHERE NOT r.fits))[1] AS over_budget
    INTO _taken
    FROM (
      SELECT c.*, _batch.budget IS NULL OR _batch.budget >= _batch.spent + _batch.reserved + _batch.in_doubt
          + sum(c.reserved) OVER (ORDER BY c.place) AS fits
      FROM next_ready(_now, least(_room, _slots)::bigint) c
    ) r;
  _number := coalesce(cardinality(_taken.ns), 0);
  IF _number > 0 THEN
    INSERT INTO attempt (n, number, key, state, owner, reserved, claimed_at)
      SELECT u.n, u.number, _batch.id || '-' || u.n || '-' || u.number, 'intent', _me, u.reserved, _now
      FROM unnest(_taken.ns, _taken.numbers, _taken.reserved) u (n, number, reserved);
    UPDATE job SET state = 'intent', attempts = attempts + 1 WHERE n = ANY (_taken.ns);
    INSERT INTO event (at, n, number, incarnation, state_before, state_after, attempt_state)
      SELECT _now, u.n, u.number, _me, 'ready', 'intent', 'intent'
      FROM unnest(_taken.ns, _taken.numbers) u (n, number);
    _base := _base + _batch.gap * _number;
    UPDATE batch SET reserved = reserved + _taken.money, tat = coalesce(_base::bigint, tat);
    RETURN QUERY SELECT 'job', _batch.id || '-' || u.n || '-' || u.number, u.n, u.number, j.id, j.model, i.input,
        u.reserved, NULL, NULL::boolean, NULL::bigint, _now
      FROM unnest(_taken.ns, _taken.numbers, _taken.reserved) WITH ORDINALITY u (n, number, reserved, place)
      JOIN job j ON j.n = u.n JOIN job_input i ON i.n = u.n
      ORDER BY u.place;
  END IF;
  IF _batch.gap IS NOT NULL THEN
    _wait := greatest(_base - _now - _tolerance, 0);
  END IF;
  IF _taken.over_budget IS NULL AND _number < _room AND (_slots IS NULL OR _number < _slots) THEN
    SELECT min(j.not_before) INTO _next FROM job j
      WHERE j.state = 'ready' AND j.not_before > _now AND j.not_before <= _now + 3600000000;
  END IF;
  RETURN QUERY SELECT a.kind, NULL, NULL::bigint, NULL::integer, NULL, NULL, NULL, NULL::bigint, NULL,
      NULL::boolean, a.amount, NULL::bigint
    FROM (SELECT
      CASE
        WHEN _taken.over_budget IS NOT NULL THEN 'over_budget'
        WHEN _number = _room THEN 'now'
        WHEN _number = _slots OR _next IS NOT NULL THEN 'after'
        ELSE 'none_ready'
      END AS kind,
      CASE
        WHEN _taken.over_budget IS NOT NULL THEN _taken.over_budget
        WHEN _number = _slots THEN _wait
        ELSE _next - _now
      END AS amount) a;
END $$;

-- Renews the lease; puts the intents of ended incarnations in doubt; adopts a share of what they had
-- submitted, so that all living incarnations have as many; gives back intents that `_me` does not know. Rows of
-- the kind `held` name what else `_me` holds then; `amount` is 1 where a cancellation is requested.
CREATE OR REPLACE FUNCTION beat(_clock bigint, _me bigint, _known text[], _doubt_note text, _given_back text)
RETURNS SETOF answer
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _it record;
  _at place;
  _share bigint;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  PERFORM check_alive(_me, _now);
  UPDATE incarnation SET alive_until = _now + lease WHERE id = _me;
  FOR _it IN
    SELECT a.key, i.process FROM attempt a JOIN incarnation i ON i.id = a.owner
    WHERE a.state IN ('intent', 'submitted') AND a.state = 'intent' AND i.alive_until <= _now
    ORDER BY a.n, a.number
  LOOP
    PERFORM end_attempt(located(_it.key), _me, 'in_doubt', 'in_doubt', NULL,
      replace(_doubt_note, '{process}', _it.process), _now);
    RETURN NEXT ('doubt', _it.key, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::answer;
  END LOOP;
  SELECT ceil(count(*)::numeric / (SELECT count(*) FROM incarnation i WHERE i.alive_until > _now))
      - count(*) FILTER (WHERE a.owner = _me)
    INTO _share FROM attempt a WHERE a.state IN ('intent', 'submitted') AND a.state = 'submitted';
  FOR _it IN
    SELECT a.key FROM attempt a LEFT JOIN incarnation i ON i.id = a.owner
    WHERE a.state IN ('intent', 'submitted') AND a.state = 'submitted'
      AND (a.owner IS NULL OR i.alive_until <= _now)
      -- Put in doubt and resolved since the last beat: its adoption would not be told, so the next beat takes it.
      AND a.key <> ALL (_known)
    ORDER BY a.n, a.number LIMIT least(greatest(_share, 0), 500)
  LOOP
    _at := located(_it.key);
    UPDATE attempt SET owner = _me WHERE n = _at.n AND number = _at.number;
    PERFORM note_event(_now, _at.n, _at.number, _at.state, _me, _at.job_state, _at.job_state, NULL);
  END LOOP;
  FOR _it IN
    SELECT a.key FROM attempt a
    WHERE a.owner = _me AND a.state IN ('intent', 'submitted') AND a.state = 'intent'
      AND a.key <> ALL (_known)
    ORDER BY a.n, a.number
  LOOP
    _at := located(_it.key);
    PERFORM end_attempt(_at, _me, 'no_job', unless_cancelled(_at, 'ready'), NULL, _given_back, _now);
    RETURN NEXT ('given_back', _it.key, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::answer;
  END LOOP;
  RETURN QUERY SELECT CASE WHEN a.state = 'submitted' AND a.key <> ALL (_known) THEN 'adopted' ELSE 'held' END,
      a.key, a.n, a.number, j.id, j.model,
      CASE WHEN a.state = 'submitted' AND a.key <> ALL (_known) THEN i.input END, a.reserved, a.request_id,
      a.number < j.attempts,
      (j.cancel_requested AND a.state = 'submitted')::int::bigint, a.claimed_at
    FROM attempt a JOIN job j ON j.n = a.n JOIN job_input i ON i.n = a.n
    WHERE a.owner = _me AND a.state IN ('intent', 'submitted')
    ORDER BY a.n, a.number;
END $$;

CREATE OR REPLACE FUNCTION received(_clock bigint, _me bigint, _keys text[], _request_ids text[]) RETURNS SETOF outcome
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _at place;
  _is_stray boolean;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  FOR _i IN 1..cardinality(_keys) LOOP
    _at := located(_keys[_i]);
    _is_stray := _at.n IS NULL OR coalesce(_at.request_id <> _request_ids[_i], false);
    PERFORM keep_id(_keys[_i], _request_ids[_i], _is_stray, _now);
    IF _is_stray THEN
      RETURN NEXT ('stray', _keys[_i], NULL)::outcome;
    ELSIF _at.request_id IS NULL THEN
      PERFORM submit(_at, _me, _request_ids[_i], _now);
      IF NOT _at.is_last THEN
        RETURN NEXT ('double', _keys[_i], NULL)::outcome;
      END IF;
    END IF;
  END LOOP;
END $$;

-- `_delays` has the time after which a job is ready again, or NULL where it has failed.
CREATE OR REPLACE FUNCTION not_sent(_clock bigint, _me bigint, _keys text[], _reasons text[], _delays bigint[])
RETURNS SETOF outcome LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _at place;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  FOR _i IN 1..cardinality(_keys) LOOP
    _at := located(_keys[_i]);
    IF _at.owner = _me AND _at.state IN ('intent', 'in_doubt') THEN
      IF _delays[_i] IS NOT NULL AND _at.is_last AND _at.job_state IN ('intent', 'in_doubt') THEN
        UPDATE job SET not_before = _now + _delays[_i] WHERE n = _at.n;
      END IF;
      PERFORM end_attempt(_at, _me, 'no_job',
        unless_cancelled(_at, CASE WHEN _delays[_i] IS NULL THEN 'failed' ELSE 'ready' END),
        NULL, _reasons[_i], _now);
    ELSIF (_at.owner = _me AND _at.state = 'no_job') IS NOT TRUE THEN
      RETURN NEXT ('refused', _keys[_i], NULL)::outcome;
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION doubtful(_clock bigint, _me bigint, _keys text[], _reasons text[]) RETURNS SETOF outcome
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _at place;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  FOR _i IN 1..cardinality(_keys) LOOP
    _at := located(_keys[_i]);
    IF _at.owner = _me AND _at.state = 'intent' THEN
      PERFORM end_attempt(_at, _me, 'in_doubt', 'in_doubt', NULL, _reasons[_i], _now);
    ELSIF (_at.owner = _me AND _at.state = 'in_doubt') IS NOT TRUE THEN
      RETURN NEXT ('refused', _keys[_i], NULL)::outcome;
    END IF;
  END LOOP;
END $$;

-- `_values` has the result of a job that is saved, and the reason of one that has failed.
CREATE OR REPLACE FUNCTION settle(_clock bigint, _me bigint, _keys text[], _states text[], _values text[],
  _costs bigint[]) RETURNS SETOF outcome LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _at place;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  FOR _i IN 1..cardinality(_keys) LOOP
    _at := located(_keys[_i]);
    IF _at.owner = _me AND _at.state = 'submitted' THEN
      IF _costs[_i] IS NOT NULL THEN
        INSERT INTO model AS m (id, highest_cost) VALUES (_at.model, _costs[_i])
          ON CONFLICT (id) DO UPDATE SET highest_cost = excluded.highest_cost
          WHERE m.highest_cost < excluded.highest_cost;
      END IF;
      IF _states[_i] = 'saved' THEN
        UPDATE attempt SET result = _values[_i] WHERE n = _at.n AND number = _at.number;
      END IF;
      PERFORM end_attempt(_at, _me, _states[_i], _states[_i], _costs[_i],
        CASE WHEN _states[_i] = 'failed' THEN _values[_i] END, _now);
    ELSIF (_at.owner = _me AND _at.request_id IS NOT NULL) IS NOT TRUE THEN
      RETURN NEXT ('refused', _keys[_i], NULL)::outcome;
    END IF;
  END LOOP;
END $$;

-- Returns a row for each job that is cancelled or whose cancellation is requested. NULL: all jobs.
CREATE OR REPLACE FUNCTION cancel(_clock bigint, _ids text[]) RETURNS SETOF outcome
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _job record;
  _after text;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  FOR _job IN
    SELECT j.n, j.id, j.state, j.cancel_requested FROM job j
    WHERE j.state NOT IN ('saved', 'failed', 'cancelled') AND (_ids IS NULL OR j.id = ANY (_ids))
    ORDER BY j.n
  LOOP
    _after := CASE WHEN _job.state = 'ready' THEN 'cancelled' ELSE _job.state END;
    IF NOT _job.cancel_requested THEN
      UPDATE job SET cancel_requested = true, state = _after WHERE n = _job.n;
      PERFORM note_event(_now, _job.n, NULL, NULL, NULL, _job.state, _after, 'cancel requested');
    END IF;
    RETURN NEXT (CASE WHEN _job.state = 'ready' THEN 'cancelled' ELSE 'requested' END, _job.id, NULL)::outcome;
  END LOOP;
END $$;

-- Returns a row that says why nothing was done, or none. `_declared` is the note of a declaration. For the time
-- `_max_request` after a doubt its submit may still arrive.
CREATE OR REPLACE FUNCTION resolve(_clock bigint, _key text, _decision text, _request_id text, _declared text,
  _max_request bigint)
RETURNS SETOF outcome
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _at place;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  _at := located(_key);
  IF _at.n IS NULL THEN
    RETURN NEXT ('unknown_key', _key, NULL)::outcome;
  ELSIF _decision = 'request_id' AND _at.state IN ('in_doubt', 'no_job') THEN
    PERFORM keep_id(_key, _request_id, false, _now);
    PERFORM submit(_at, NULL, _request_id, _now);
  ELSIF _decision = 'request_id' AND _at.request_id = _request_id THEN
    NULL;
  ELSIF _decision = 'no_job' AND _at.state = 'in_doubt' THEN
    PERFORM end_attempt(_at, NULL, 'no_job', unless_cancelled(_at, 'failed'), NULL, _declared, _now);
    -- The time for which its submit may still arrive counts from the doubt.
    UPDATE attempt SET ended_at = _at.ended_at WHERE n = _at.n AND number = _at.number;
  ELSIF _decision = 'no_job' AND _at.state = 'no_job' THEN
    NULL;
  ELSIF _decision = 'gone' AND _at.state = 'submitted' THEN
    PERFORM end_attempt(_at, NULL, 'failed', 'failed', NULL, _declared, _now);
  ELSIF _decision = 'gone' AND _at.state = 'failed' THEN
    NULL;
  ELSIF _decision = 'gone' THEN
    RETURN NEXT ('not_submitted', _key, _at.state)::outcome;
  ELSIF _decision <> 'resubmit' THEN
    RETURN NEXT ('not_in_doubt', _key, _at.state)::outcome;
  ELSIF NOT _at.is_last THEN
    RETURN NEXT ('superseded', _key, NULL)::outcome;
  ELSIF _at.job_state NOT IN ('in_doubt', 'failed', 'cancelled') THEN
    RETURN NEXT ('not_resubmittable', _key, _at.job_state)::outcome;
  ELSIF (_at.state = 'in_doubt' OR _at.state = 'no_job' AND _at.note = _declared)
      AND NOT has_come(_at.ended_at + _max_request, _now) THEN
    RETURN NEXT ('may_still_arrive', _key, (_at.ended_at + _max_request)::text)::outcome;
  ELSE
    UPDATE job SET state = 'ready', cancel_requested = false, not_before = 0 WHERE n = _at.n;
    PERFORM note_event(_now, _at.n, _at.number, _at.state, NULL, _at.job_state, 'ready', 'to be submitted again');
  END IF;
END $$;

-- Compares intents of which a worker knows with those of the batch. One that the batch has forgotten is in
-- doubt; one that was made a second time, or whose job is gone, is a row of the answer.
CREATE OR REPLACE FUNCTION remember(_clock bigint, _keys text[], _ns bigint[], _numbers integer[], _reserved bigint[],
  _claimed_at bigint[]) RETURNS SETOF outcome
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  _now bigint;
  _old record;
  _job record;
  _after text;
BEGIN
  PERFORM locked();
  _now := moment(_clock);
  FOR _i IN 1..cardinality(_keys) LOOP
    SELECT a.claimed_at INTO _old FROM attempt a WHERE a.key = _keys[_i];
    IF FOUND THEN
      IF _old.claimed_at <> _claimed_at[_i] THEN
        RETURN NEXT ('clash', _keys[_i], NULL)::outcome;
      END IF;
      CONTINUE;
    END IF;
    SELECT j.state, j.attempts INTO _job FROM job j WHERE j.n = _ns[_i];
    IF NOT FOUND THEN
      RETURN NEXT ('unknown_job', _keys[_i], NULL)::outcome;
      CONTINUE;
    END IF;
    _after := CASE WHEN _job.attempts < _numbers[_i] THEN 'in_doubt' ELSE _job.state END;
    INSERT INTO attempt (n, number, key, state, reserved, claimed_at, ended_at, note)
      VALUES (_ns[_i], _numbers[_i], _keys[_i], 'in_doubt', _reserved[_i], _claimed_at[_i], _now,
        'the server had forgotten it; there may be a job, which costs money: a person decides with `runcomfy batch resolve`');
    UPDATE job SET state = _after, attempts = greatest(attempts, _numbers[_i]) WHERE n = _ns[_i];
    UPDATE batch SET in_doubt = in_doubt + _reserved[_i];
    PERFORM note_event(_now, _ns[_i], _numbers[_i], 'in_doubt', NULL, _job.state, _after, 'forgotten by the server');
    RETURN NEXT ('doubt', _keys[_i], NULL)::outcome;
  END LOOP;
END $$;
