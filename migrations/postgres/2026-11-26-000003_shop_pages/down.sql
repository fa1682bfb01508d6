DROP TABLE product_imports;
DROP TABLE cart_orders;
DROP TABLE cart_lines;
DROP TABLE carts;
DROP TABLE product_words;
DROP INDEX products_department;
DROP INDEX products_name;
