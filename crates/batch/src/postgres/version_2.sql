-- Version 2: a claim is made of all its jobs at once, and living incarnations share the jobs of an ended one.

-- Its rows have other columns.
DROP FUNCTION IF EXISTS next_ready(bigint, bigint);
