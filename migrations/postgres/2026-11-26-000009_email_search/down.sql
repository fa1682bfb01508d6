DROP INDEX personal_data_email;
