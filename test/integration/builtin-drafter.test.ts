import { beforeAll, describe, expect, test } from 'vitest'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { judgeDraft, openAsking, type Asking } from '../support/judged-draft.ts'

let asking: Asking
beforeAll(async () => {
  asking = await openAsking('music-school.sql', '2026-11-24')
})

const answered: readonly (readonly [how: string, question: string, gold: string])[] = [
  [
    'a column that only says which rows are meant is not put out',
    'What is the average number of seats of rooms opened in year 2011 or later?',
    'SELECT avg(seats) FROM room WHERE opened_year >= 2011',
  ],
  [
    '"or" between values makes either do',
    'Show the label of rooms in Corm or Brinwick.',
    "SELECT label FROM room WHERE town IN ('Corm', 'Brinwick')",
  ],
  [
    'numbers of a range belong together',
    'List the pupil name of pupils whose age is in the range of 10 and 14.',
    'SELECT pupil_name FROM pupil WHERE age BETWEEN 10 AND 14',
  ],
  [
    'a letter is part of a text',
    'Show the last name of teachers whose first name starts with the letter C.',
    "SELECT last_name FROM teacher WHERE first_name LIKE 'C%'",
  ],
  [
    'both ends of a period of days are in it',
    'Find the first name of teachers hired between 2020-01-01 and 2021-12-31.',
    "SELECT first_name FROM teacher WHERE hired_on BETWEEN '2020-01-01' AND '2021-12-31'",
  ],
  [
    'an aggregate said of a group is tested after grouping',
    'Find the label of the rooms whose average wage is above 3000.',
    'SELECT r.label FROM room r JOIN teacher USING (room_id) GROUP BY r.room_id, r.label HAVING avg(wage) > 3000',
  ],
  [
    'what each row knows only one of is counted in the table that links them',
    'Show the name of pupils who take two or more instruments.',
    "SELECT 'Eve'",
  ],
  [
    'no row of another table, with its own condition',
    'Show the name of pupils who have no lessons after 2024-12-31.',
    "SELECT pupil_name FROM pupil WHERE pupil_id NOT IN (SELECT pupil_id FROM lesson WHERE taken_on > '2024-12-31')",
  ],
  [
    'not of a value in a table of many is no row of it',
    'List the name of pupils who do not take Harp.',
    "SELECT pupil_name FROM pupil WHERE pupil_id NOT IN (SELECT pupil_id FROM lesson JOIN instrument USING (instrument_id) WHERE title = 'Harp')",
  ],
  ['both of two values in a table of many', 'List the name of pupils who take both Harp and Flute.', "SELECT 'Eve'"],
  ['a value that nothing like it may pass', 'Show the towns where no room has more seats than 20.', "SELECT 'Brinwick'"],
  ['the same as another row', 'Show the last name of teachers in the same room as Bo.', 'SELECT last_name FROM teacher WHERE room_id = 1'],
  [
    'more than another row',
    'Show the first name of teachers who earn more than the teacher with first name Ada.',
    'SELECT first_name FROM teacher WHERE wage > 3100',
  ],
  [
    'more than the average',
    'Which pupils are older than the average?',
    'SELECT pupil_name FROM pupil WHERE age > (SELECT avg(age) FROM pupil)',
  ],
  [
    'a column that must hold something',
    'Show the name of pupils who have a locker.',
    'SELECT pupil_name FROM pupil WHERE locker IS NOT NULL',
  ],
  [
    'the key that the question names joins the tables',
    'What is the total fee of concerts for each opening pupil?',
    'SELECT p.pupil_name, sum(fee) FROM concert c JOIN pupil p ON p.pupil_id = c.opening_pupil_id GROUP BY p.pupil_name',
  ],
  [
    'the date that its verb names',
    'Show the name of pupils with lessons taken in 2025.',
    "SELECT pupil_name FROM pupil JOIN lesson USING (pupil_id) WHERE taken_on >= '2025-01-01'",
  ],
  ['another word for the same thing', 'How many students are there?', 'SELECT count(*) FROM pupil'],
  ['of two things in one breath, the last', 'How many pupil lessons are there?', 'SELECT count(*) FROM lesson'],
  [
    'tables that declare no keys, by the name they share',
    'How many cafes are in each county?',
    'SELECT county, count(*) FROM cafe JOIN district USING (town_name) GROUP BY county',
  ],
  ['what a question word asks for', 'How old is Eve?', 'SELECT age FROM pupil WHERE pupil_id = 1'],
  [
    'a verb that measures',
    'How much do teachers in Aldby earn on average?',
    "SELECT avg(wage) FROM teacher JOIN room USING (room_id) WHERE town = 'Aldby'",
  ],
  [
    'what a ranking goes by',
    'What are the top 2 towns by total number of seats?',
    'SELECT town FROM room GROUP BY town ORDER BY sum(seats) DESC LIMIT 2',
  ],
  [
    'a scale from one extreme to the other',
    'Show the name of all pupils from the oldest to the youngest.',
    'SELECT pupil_name FROM pupil ORDER BY age DESC',
  ],
  ['a share of the rows', 'What percentage of teachers are hired after 2020-12-31?', 'SELECT 50'],
  ['a mean of counts', 'What is the average number of lessons per pupil?', 'SELECT 1.25'],
  ['a span of a date', 'How many lessons were there per year?', 'SELECT extract(year FROM taken_on), count(*) FROM lesson GROUP BY 1'],
  [
    'the plural of a stored name',
    'How many lessons have Harps?',
    "SELECT count(*) FROM lesson JOIN instrument USING (instrument_id) WHERE title = 'Harp'",
  ],
  [
    'two comparisons of one measure',
    'Show the name of pupils older than 10 and younger than 15.',
    'SELECT pupil_name FROM pupil WHERE age > 10 AND age < 15',
  ],
  ['a list of aggregates', 'What is the maximum and minimum number of seats of all rooms?', 'SELECT max(seats), min(seats) FROM room'],
  ['a verb that shares its word with a date', 'Which pupils take the Harp?', "SELECT unnest(ARRAY['Eve', 'Finn'])"],
  [
    'an average over rows that each count once',
    'What is the average age of pupils who take lessons?',
    'SELECT avg(age) FROM pupil WHERE pupil_id IN (SELECT pupil_id FROM lesson)',
  ],
  ['one value but not another', 'What are the ids of pupils who take Harp but not Flute?', 'SELECT 2'],
  [
    'a number that is summed, not counted',
    'What is the total number of minutes of lessons for each pupil?',
    'SELECT pupil_name, sum(minutes) FROM pupil JOIN lesson USING (pupil_id) GROUP BY pupil_name',
  ],
  [
    'a ranking whose measures stand in a list of their own',
    'Who are the top 1 pupils by total minutes? Return their pupil name, age, the number of lessons and the average minutes.',
    'SELECT pupil_name, age, count(*), avg(minutes) FROM pupil JOIN lesson USING (pupil_id) GROUP BY pupil_id ORDER BY sum(minutes) DESC LIMIT 1',
  ],
  [
    'a period of what is measured, not of who is listed',
    'Who are the top 5 pupils by number of lessons in 2024? Return their pupil name and the number of lessons.',
    "SELECT pupil_name, count(*) FROM pupil JOIN lesson USING (pupil_id) WHERE taken_on BETWEEN '2024-01-01' AND '2024-12-31' GROUP BY pupil_id",
  ],
  [
    'each line of a list of measures by what it is of',
    'What are the top 3 towns by number of rooms, showing the number of rooms and the average seats?',
    'SELECT town, count(*), avg(seats) FROM room GROUP BY town',
  ],
  [
    'a count said in the question and in its list once',
    'How many lessons did each pupil take? Return their pupil name and number of lessons, ordered from most to least lessons.',
    'SELECT pupil_name, count(*) FROM pupil JOIN lesson USING (pupil_id) GROUP BY pupil_id',
  ],
  [
    'a word as the question says what it means',
    'Who are the top 1 pupils by total revenue? Return their pupil name and total revenue. Note that revenue refers to the sum of minutes in the lesson table.',
    "SELECT 'Eve' AS name, 75 AS revenue",
  ],
  ['the longest of something, not the most of them', 'What is the name of the pupil with the longest lesson?', "SELECT 'Finn'"],
]

const abstained: readonly (readonly [why: string, question: string])[] = [
  ['two keys lead to the same table', 'What is the total fee of concerts for each pupil?'],
  ['a verb it does not know', 'Which pupils failed lessons in 2024?'],
  ['an only it cannot place', 'Show the name of pupils who take only Harp.'],
  ['a second row it cannot tell apart', 'Show the wage of teachers in a room with a teacher whose first name is Bo.'],
  ['a sum it is asked to test', 'Show the towns whose rooms have more than 50 seats in total.'],
  [
    'a sum that a join would repeat',
    'What are the top 2 towns by total seats? Return the town, the number of teachers and the total seats.',
  ],
  ['a revenue nobody knows of', 'Who are the top 2 pupils by total revenue? Return their pupil name and total revenue.'],
  ['a "by" that names no order and no group', 'List rooms by town.'],
  ['a count of what was chosen by a count', 'How many pupils have more than 1 lesson?'],
  ['what is yet to come', 'How many lessons will there be in 2030?'],
  ['more than any, which may be some or each', 'Show the name of pupils who are older than any pupil with a locker.'],
]

describe('the built-in drafter, at a school it has never seen,', () => {
  test.each(answered)('reads %s: %s', async (_how, question, gold) => {
    expect(await judgeDraft(asking, question, gold, false)).toMatchObject({ isRight: true })
  })

  test.each(abstained)('abstains for %s: %s', (_why, question) => {
    expect(draftBuiltin(question, asking)).toMatchObject({ kind: 'abstained' })
  })

  test('asks back, with both readings as questions, where "and" may mean either', () => {
    const draft = draftBuiltin('List the name of pupils who take Harp and Flute.', asking)
    expect(draft).toMatchObject({
      kind: 'clarify',
      choices: ['List the name of pupils who take either Harp or Flute.', 'List the name of pupils who take both Harp and Flute.'],
    })
    const answers = draft.kind === 'clarify' ? draft.choices.map((choice) => draftBuiltin(choice, asking).kind) : []
    expect(answers).toEqual(['drafted', 'drafted'])
  })
})
