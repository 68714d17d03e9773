-- A music school, invented for the tests of the built-in drafter. Dedicated to the public domain (CC0 1.0). PostgreSQL.
CREATE TABLE room (room_id INTEGER PRIMARY KEY, label VARCHAR(20) NOT NULL, seats INTEGER NOT NULL, town VARCHAR(20) NOT NULL, opened_year INTEGER NOT NULL);
CREATE TABLE teacher (
  teacher_id INTEGER PRIMARY KEY, first_name VARCHAR(20) NOT NULL, last_name VARCHAR(20) NOT NULL, wage INTEGER NOT NULL,
  room_id INTEGER NOT NULL REFERENCES room (room_id), hired_on DATE NOT NULL, mentor_code VARCHAR(10)
);
CREATE TABLE pupil (pupil_id INTEGER PRIMARY KEY, pupil_name VARCHAR(20) NOT NULL, age INTEGER NOT NULL, locker INTEGER);
CREATE TABLE instrument (instrument_id INTEGER PRIMARY KEY, title VARCHAR(20) NOT NULL, min_wage INTEGER NOT NULL);
CREATE TABLE lesson (
  pupil_id INTEGER NOT NULL REFERENCES pupil (pupil_id), instrument_id INTEGER NOT NULL REFERENCES instrument (instrument_id),
  taken_on DATE NOT NULL, minutes INTEGER NOT NULL, PRIMARY KEY (pupil_id, instrument_id)
);
CREATE TABLE concert (
  concert_id INTEGER PRIMARY KEY, opening_pupil_id INTEGER NOT NULL REFERENCES pupil (pupil_id),
  closing_pupil_id INTEGER NOT NULL REFERENCES pupil (pupil_id), fee INTEGER NOT NULL
);
CREATE TABLE district (town_name VARCHAR(20), county VARCHAR(20));
CREATE TABLE cafe (cafe_id INTEGER, town_name VARCHAR(20), score INTEGER);
INSERT INTO district VALUES ('Aldby', 'North'), ('Brinwick', 'South'), ('Corm', 'North');
INSERT INTO cafe VALUES (1, 'Aldby', 4), (2, 'Corm', 3), (3, 'Brinwick', 5), (4, 'Aldby', 2);
INSERT INTO room VALUES (1, 'Gable', 30, 'Aldby', 2009), (2, 'Cellar', 12, 'Aldby', 2011), (3, 'Attic', 8, 'Brinwick', 2011), (4, 'Barn', 60, 'Corm', 2012);
INSERT INTO teacher VALUES (1, 'Ada', 'Holm', 3100, 1, '2018-03-01', 'M1'), (2, 'Bo', 'Lind', 2600, 1, '2020-09-15', NULL),
  (3, 'Cleo', 'Marsh', 4200, 2, '2021-01-10', 'M1'), (4, 'Dan', 'Zorn', 2900, 3, '2023-05-02', NULL);
INSERT INTO pupil VALUES (1, 'Eve', 9, 4), (2, 'Finn', 14, NULL), (3, 'Gus', 17, 7), (4, 'Hana', 12, NULL), (5, 'Ivo', 17, NULL);
INSERT INTO instrument VALUES (1, 'Harp', 2500), (2, 'Flute', 2700), (3, 'Cello', 3000);
INSERT INTO lesson VALUES (1, 1, '2024-02-01', 30), (1, 2, '2024-03-05', 45), (2, 1, '2024-03-07', 60), (3, 3, '2025-01-09', 45), (4, 2, '2025-02-11', 30);
INSERT INTO concert VALUES (1, 1, 2, 100), (2, 2, 3, 250), (3, 2, 1, 80);
ANALYZE;
