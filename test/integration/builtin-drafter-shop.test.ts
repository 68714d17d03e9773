import { beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../bench/accuracy/load-databases.ts'
import type { Catalog } from '../../src/domain/index.ts'
import { draftBuiltin } from '../../src/question/ask/index.ts'
import { demoDatabase } from '../support/demo-database.ts'
import { judgeDraft } from '../support/judged-draft.ts'
import type { TestDatabase } from '../support/postgres-server.ts'

let database: TestDatabase
let view: Catalog
const today = '2026-11-24'

beforeAll(async () => {
  database = await demoDatabase()
  view = await readCatalog(database)
})

const money = 'sum(i.quantity * i.unit_price * (1 - i.discount_percent / 100.0))'

const answered: readonly (readonly [how: string, question: string, gold: string])[] = [
  [
    'things meet over what they share in an order, not over the country both are in',
    'Which customers bought Camp Stove?',
    `SELECT DISTINCT c.name FROM customer c JOIN sales_order USING (customer_id) JOIN order_item i USING (order_id)
     JOIN product p ON p.product_id = i.product_id WHERE p.name = 'Camp Stove'`,
  ],
  ['a verb that follows its noun is no column', 'orders paid by card', "SELECT DISTINCT order_id FROM payment WHERE method = 'card'"],
  [
    'nor is one at the end',
    'top 5 customers by amount paid',
    'SELECT c.name FROM customer c JOIN sales_order USING (customer_id) JOIN payment USING (order_id) GROUP BY c.customer_id ORDER BY sum(amount) DESC LIMIT 5',
  ],
  [
    'a state that is a date’s verb, with a time behind it, is that date',
    'orders shipped in march 2025',
    "SELECT order_id FROM sales_order WHERE ship_date >= '2025-03-01' AND ship_date < '2025-04-01'",
  ],
  [
    'what ends a state is not there yet',
    'how many open support tickets are there?',
    'SELECT count(*) FROM support_ticket WHERE closed_on IS NULL',
  ],
  [
    'nothing of what would undo it',
    'unpaid orders',
    'SELECT order_id FROM sales_order WHERE order_id NOT IN (SELECT order_id FROM payment)',
  ],
  [
    'the sort of a thing groups its rows, not each thing',
    'number of orders per customer segment',
    'SELECT segment, count(*) FROM sales_order JOIN customer USING (customer_id) GROUP BY segment',
  ],
  ['the last of them by when they came', 'show me the last 5 orders', 'SELECT * FROM sales_order ORDER BY order_date DESC LIMIT 5'],
  ['of two dates the one all rows have', 'show the 5 most recent tickets', 'SELECT * FROM support_ticket ORDER BY opened_on DESC LIMIT 5'],
  ['a thing and something of it', 'list all warehouses and their cities', 'SELECT name, city FROM warehouse'],
  [
    'an average of many rows is taken for each',
    'which supplier has the highest average unit price?',
    'SELECT s.name FROM supplier s JOIN product USING (supplier_id) GROUP BY s.supplier_id ORDER BY avg(unit_price) DESC LIMIT 1',
  ],
  [
    'what can be added up is, for each',
    'top 3 products by quantity sold',
    'SELECT p.name FROM product p JOIN order_item i USING (product_id) GROUP BY p.product_id ORDER BY sum(quantity) DESC LIMIT 3',
  ],
  [
    'of a mass the most is not the most rows',
    'which warehouse has the most stock?',
    'SELECT w.name FROM warehouse w JOIN stock USING (warehouse_id) GROUP BY w.warehouse_id ORDER BY sum(quantity) DESC LIMIT 1',
  ],
  [
    'how much of it',
    'how much stock do we have in Hamburg Hub?',
    "SELECT sum(quantity) FROM stock JOIN warehouse w USING (warehouse_id) WHERE w.name = 'Hamburg Hub'",
  ],
  [
    'a total of rows is of their amounts',
    'total payments per method in 2025',
    "SELECT method, sum(amount) FROM payment WHERE paid_on BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY method",
  ],
  [
    'the biggest by its amount, which is told',
    'what is the biggest payment?',
    'SELECT payment_id, amount FROM payment ORDER BY amount DESC LIMIT 1',
  ],
  [
    'a month without a year is the last that has begun',
    'how many returns were there in october?',
    "SELECT count(*) FROM product_return WHERE returned_on >= '2026-10-01' AND returned_on < '2026-11-01'",
  ],
  [
    'the last December has ended',
    'orders placed last december',
    "SELECT order_id FROM sales_order WHERE order_date >= '2025-12-01' AND order_date < '2026-01-01'",
  ],
  [
    'a time is said of the rows whose column is named',
    'total freight cost by carrier last year',
    "SELECT c.name, sum(freight_cost) FROM carrier c JOIN shipment USING (carrier_id) WHERE shipped_on BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY c.name",
  ],
  [
    'what somebody has not done since',
    'which customers have not ordered since 2025?',
    "SELECT name FROM customer WHERE customer_id NOT IN (SELECT customer_id FROM sales_order WHERE order_date >= '2025-01-01')",
  ],
  [
    'a verb that a key is named by',
    'which employees manage more than 3 customers?',
    'SELECT e.first_name, e.last_name FROM employee e JOIN customer ON account_manager_id = employee_id GROUP BY employee_id HAVING count(*) > 3',
  ],
  [
    'money is the price of each line times its quantity, less its discount',
    'top 5 customers by revenue in 2025',
    `SELECT c.name, ${money} FROM customer c JOIN sales_order USING (customer_id) JOIN order_item i USING (order_id)
     WHERE order_date BETWEEN '2025-01-01' AND '2025-12-31' GROUP BY c.customer_id ORDER BY 2 DESC LIMIT 5`,
  ],
  [
    'in the order of the months, by the date of the order a line is of',
    'revenue by month',
    `SELECT date_trunc('month', order_date), ${money} FROM sales_order JOIN order_item i USING (order_id) GROUP BY 1 ORDER BY 1`,
  ],
  ['per is of how many', 'orders per channel', 'SELECT channel, count(*) FROM sales_order GROUP BY channel'],
  [
    'each of them with what is worked out of its own',
    'customers and their total payments',
    'SELECT c.name, sum(amount) FROM customer c JOIN sales_order USING (customer_id) JOIN payment USING (order_id) GROUP BY c.customer_id',
  ],
  [
    'the names of both, where each has but one',
    'list employees and departments',
    'SELECT first_name, last_name, d.name FROM employee JOIN department d USING (department_id)',
  ],
  [
    'rows that are amounts are compared by them',
    'payments over 1000 in 2025',
    'SELECT payment_id FROM payment WHERE amount > 1000 AND extract(year FROM paid_on) = 2025',
  ],
  ['and averaged', 'average payment per method', 'SELECT method, avg(amount) FROM payment GROUP BY method'],
  ['what belongs to somebody is theirs', "what is Camp Stove's unit price?", "SELECT unit_price FROM product WHERE name = 'Camp Stove'"],
  [
    'who does the most by what the verb measures',
    'who earns the most?',
    'SELECT first_name, last_name FROM employee ORDER BY salary DESC LIMIT 1',
  ],
]

const refused: readonly (readonly [why: string, question: string])[] = [
  ['money of an order that went in two shipments would count twice', 'revenue by carrier'],
  ['what has no date has no last ones', 'show the last 2 regions'],
  ['percentages do not add up', 'total discounts given in 2025'],
  ['what is never empty cannot be without', 'revenue without discounts'],
  ['nobody says what of each', 'products by category'],
  ['prices of many products are not added up', 'top 3 suppliers by unit price'],
]

describe('the built-in drafter, asked as people of a shop ask', () => {
  test.each(answered)('%s: %s', async (_how, question, gold) => {
    expect(await judgeDraft({ database, view, today }, question, gold, /order by/i.test(gold) && !/limit 1$/i.test(gold))).toMatchObject({
      isRight: true,
    })
  })

  test.each(refused)('abstains, for %s: %s', (_why, question) => {
    expect(draftBuiltin(question, { view, today }).kind).toBe('abstained')
  })

  test.each([
    ['a table on the way between two others', 'How many orders were shipped by each carrier?', 'Reads sales_order, shipment, carrier.'],
    ['one that nobody has named', 'top 5 customers by revenue', 'Reads customer, sales_order, order_item.'],
    ['one that must have no row', 'orders without a payment', 'Reads sales_order, payment.'],
  ])('names every table it reads: %s', (_which, question, explanation) => {
    expect(draftBuiltin(question, { view, today })).toMatchObject({ kind: 'drafted', explanation })
  })
})
