import { stem } from './words.ts'

/** Words people use for the same thing, whatever the schema: a name is found by any of them, less surely than by itself. */
const groups = `customer client buyer shopper
employee staff worker personnel
salesperson salesman representative seller
teacher instructor lecturer
student pupil
doctor physician
movie film
cinema theater theatre
car automobile vehicle
store shop
company firm enterprise business corporation
country nation
city town
phone telephone mobile cellphone
zip postcode postal
salary wage pay earnings compensation
price cost
revenue turnover income
gender sex
category type kind genre
description detail
song track
author writer
product item good
order purchase
invoice bill
shipment delivery
supplier vendor provider
manager boss supervisor head
quantity amount
weight mass
picture photo image
course class
airplane plane aircraft
team club
match game
rating score
comment remark note
birthday birthdate
begin start
end finish
hometown birthplace
language tongue
capacity seats
site website
road street`

const classes = new Map<string, string>()
for (const line of groups.split('\n')) {
  const words = line.split(' ').map(stem)
  for (const word of words) if (!classes.has(word)) classes.set(word, words[0] ?? word)
}

/** The word its synonyms share, for a word that has any; null: it has none. */
export function sharedWord(word: string): string | null {
  return classes.get(word) ?? null
}

/** The word its synonyms share; a word without any is its own. Takes and gives stems. */
export function classOf(word: string): string {
  return classes.get(word) ?? word
}
