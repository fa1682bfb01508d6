-- inventory: imports that go on, or were cut off
CREATE INDEX product_imports_running ON product_imports (updated_at) WHERE state = 'running';
