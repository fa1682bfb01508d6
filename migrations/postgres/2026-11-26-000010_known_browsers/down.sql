DROP TABLE staff_browsers;
