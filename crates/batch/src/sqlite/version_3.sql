-- Version 3: a batch knows the service to which its jobs are submitted.

ALTER TABLE batch ADD COLUMN service TEXT; -- its base URL
