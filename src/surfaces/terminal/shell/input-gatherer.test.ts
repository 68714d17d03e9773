import { describe, expect, test } from 'vitest'
import { InputGatherer, type GatherManner, type Input } from './input-gatherer.ts'

function gather(manner: GatherManner, lines: readonly string[]): readonly (readonly Input[])[] {
  const gatherer = new InputGatherer(manner)
  const steps = lines.map((line, at) => gatherer.take(line, manner === 'pipe' ? (lines[at + 1] ?? null) : null))
  const left = gatherer.finish()
  return left.length === 0 ? steps : [...steps, left]
}

const statement = (sql: string): Input => ({ kind: 'statement', sql })
const question = (text: string): Input => ({ kind: 'question', text })
const command = (text: string): Input => ({ kind: 'command', text })

describe('at a prompt', () => {
  test.each<[string, string[], Input[][]]>([
    ['a question is its line', ['how many orders?'], [[question('how many orders?')]]],
    ['a backslash continues a question', ['how many orders \\', 'by month'], [[], [question('how many orders  by month')]]],
    [
      'a statement waits for its semicolon',
      ['select name from customer', 'where city = 1;'],
      [[], [statement('select name from customer\nwhere city = 1;')]],
    ],
    ['an empty line ends a statement too', ['select 1', ''], [[], [statement('select 1')]]],
    ['a lone keyword begins a statement', ['SELECT', ' name', 'FROM customer;'], [[], [], [statement('SELECT\n name\nFROM customer;')]]],
    ['a list of names begins a statement', ['select name, city', 'from customer;'], [[], [statement('select name, city\nfrom customer;')]]],
    ['an update may break before SET', ['update customer', 'set city = 1;'], [[], [statement('update customer\nset city = 1;')]]],
    ['a semicolon in quotes ends nothing', ["select ';' as a", ';'], [[], [statement("select ';' as a\n;")]]],
    ['a dollar quote is one string', ['select $a$ ; $a$;'], [[statement('select $a$ ; $a$;')]]],
    ['statements on one line are several', ['select 1; select 2;'], [[statement('select 1;'), statement('select 2;')]]],
    ['what follows a semicolon waits', ['select 1; select', '2;'], [[statement('select 1;')], [statement('select\n2;')]]],
    ['a comment asks nothing', ['-- nothing'], [[]]],
    ['a command is its line', ['\\d customer'], [[command('\\d customer')]]],
    ['\\sql takes anything as a statement', ['\\sql show customers'], [[statement('show customers')]]],
    ['\\sql alone waits for one', ['\\sql', 'show customers', ';'], [[], [], [statement('show customers\n;')]]],
    ['empty lines ask nothing', ['', '  '], [[], []]],
  ])('%s', (_, lines, expected) => expect(gather('prompt', lines)).toEqual(expected))

  test('a paste waits for Enter and is one input', () => {
    const gatherer = new InputGatherer('prompt')
    gatherer.paste('select name\nfrom customer')
    expect(gatherer.isWaiting).toBe(true)
    expect(gatherer.take('where city = 1;')).toEqual([statement('select name\nfrom customer\nwhere city = 1;')])
    gatherer.paste('how many orders\nwere shipped')
    expect(gatherer.take('last month?')).toEqual([question('how many orders were shipped last month?')])
  })
})

describe('in a pipe', () => {
  test.each<[string, string[], Input[][]]>([
    ['one statement per line needs no semicolon', ['select 1', 'select 2'], [[statement('select 1')], [statement('select 2')]]],
    [
      'a clause on the next line goes on',
      ['select name', 'from customer', 'limit 3'],
      [[], [], [statement('select name\nfrom customer\nlimit 3')]],
    ],
    ['an unfinished line goes on', ['select name,', 'city from customer'], [[], [statement('select name,\ncity from customer')]]],
    ['a question may follow a statement', ['select 1', 'how many orders?'], [[statement('select 1')], [question('how many orders?')]]],
    ['semicolons part questions', ['how many orders; how many returns;'], [[question('how many orders'), question('how many returns')]]],
    ['comments are skipped', ['-- first', 'how many orders?'], [[], [question('how many orders?')]]],
    ['the end ends an unfinished statement', ['select (1'], [[], [statement('select (1')]]],
  ])('%s', (_, lines, expected) => expect(gather('pipe', lines)).toEqual(expected))
})
