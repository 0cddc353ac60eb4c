-- Version 2: a job is found by its id at the service.

CREATE INDEX attempt_request ON attempt (request_id) WHERE request_id IS NOT NULL;
