-- No new table and no new column.
SELECT 1;
