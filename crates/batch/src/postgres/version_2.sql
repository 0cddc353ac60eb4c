-- Version 2: a claim is made of all its jobs at once, with a third of the statements, and living incarnations
-- share the jobs of an ended one.

DROP FUNCTION next_ready(bigint, bigint);

-- The jobs that are claimed next. Planned for each number of jobs, or a plan for all jobs may be kept; the rest of
-- a claim keeps its plans.
CREATE FUNCTION next_ready(_now bigint, _limit bigint)
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
-- submitted, so that all living incarnations have as many; gives back intents that `_me` does not know. Rows of the kind `held` name what else `_me` holds then; `amount` is 1
-- where a cancellation is requested.
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
