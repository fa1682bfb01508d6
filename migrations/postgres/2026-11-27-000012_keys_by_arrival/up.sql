-- PostgreSQL keeps rows in the order of their arrival already.
SELECT 1;
