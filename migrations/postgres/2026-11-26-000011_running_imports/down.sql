DROP INDEX product_imports_running;
