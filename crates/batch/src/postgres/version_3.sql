-- Version 3: a batch knows the service to which its jobs are submitted, and a job is found by its id there.

ALTER TABLE batch ADD COLUMN service text; -- its base URL
CREATE INDEX attempt_request ON attempt (request_id) WHERE request_id IS NOT NULL;
