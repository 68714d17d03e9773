/** Words that carry no meaning of their own in a question over data. */
const fillers = new Set(
  `a an the of in on at to for from by with and or as is are was were be been being do does did has have had having i me my we us our you your it its they them their
   this that these those there here but labelled labeled titled entitled what which who whom whose where when how please show list give find display return get tell provide present output state
   name_ all any each every both also along together respective respectively corresponding associated belong belonging belongs related relating involved
   up so than then just only existing exist exists available currently current present total_ overall altogether entire record records entry entries row rows
   database data table tables info information detail_ want know see look like would can could will should s t let there's one ones own some such same
   present various kind kinds recorded record contain_ if while during into about via per against among between within without not no never none
   made make makes making done use used using held hold holds sort sorted order_ happen happened say called named been per's people_ ours having answer question
   many much more most less least first_ last_ go went gone come came work works working worked live lives living lived stay situated located find_ placed
   ever yet still already once twice time_ times_ full complete whole combination combined pair pairs list_ they're aren't isn't don't doesn't didn't hasn't haven't
   equal equals exactly contains containing whichever whoever someone somebody anyone anybody select query fetch retrieve compute calculate determine identify count_`.split(
    /\s+/,
  ),
)

const irregular: Readonly<Record<string, string>> = {
  people: 'person',
  men: 'man',
  women: 'woman',
  children: 'child',
  paid: 'pay',
  bought: 'buy',
  sold: 'sell',
  sale: 'sell',
  sales: 'sell',
  spent: 'spend',
  built: 'build',
  born: 'birth',
  written: 'write',
  wrote: 'write',
  taken: 'take',
  taught: 'teach',
  won: 'win',
  lost: 'lose',
  held: 'hold',
  made: 'make',
  data: 'data',
  series: 'series',
  status: 'status',
  address: 'address',
  addresses: 'address',
  movies: 'movie',
  statuses: 'status',
  analyses: 'analysis',
  indices: 'index',
}

const abbreviations: Readonly<Record<string, string>> = {
  pct: 'percentage',
  perc: 'percentage',
  percent: 'percentage',
  num: 'number',
  no: 'number',
  nr: 'number',
  qty: 'quantity',
  amt: 'amount',
  dept: 'department',
  addr: 'address',
  desc: 'description',
  emp: 'employee',
  cust: 'customer',
  prod: 'product',
  acct: 'account',
  yr: 'year',
  avg: 'average',
  max: 'maximum',
  min: 'minimum',
  tel: 'phone',
  telephone: 'phone',
  mgr: 'manager',
  loc: 'location',
  org: 'organization',
  fname: 'first name',
  lname: 'last name',
  firstname: 'first name',
  lastname: 'last name',
}

export function isFiller(word: string): boolean {
  return fillers.has(word)
}

/** One spelling for all forms of a word: number, tense and the e before them are gone. Not always a word itself. */
export function stem(word: string): string {
  const lower = word.toLowerCase()
  const known = irregular[lower]
  if (known !== undefined) return bare(known)
  let text = lower.replace(/['’]s?$/, '')
  if (/ies$/.test(text) && text.length > 4) text = `${text.slice(0, -3)}y`
  else if (/(ss|x|ch|sh|z)es$/.test(text)) text = text.slice(0, -2)
  else if (/[^su]s$/.test(text) && !/(is|us)$/.test(text) && text.length > 2) text = text.slice(0, -1)
  return bare(text)
}

function bare(word: string): string {
  let text = word
  if (text.length > 5 && text.endsWith('ing')) text = undouble(text.slice(0, -3))
  else if (text.length > 4 && text.endsWith('ed') && !text.endsWith('eed')) text = undouble(text.slice(0, -2))
  return text.length > 3 && text.endsWith('e') ? text.slice(0, -1) : text
}

function undouble(text: string): string {
  return /([bdfgmnprt])\1$/.test(text) ? text.slice(0, -1) : text
}

/** The stem a noun shares with its verb: shipment and ship, transaction and transact, payment and pay. */
export function root(word: string): string {
  const text = stem(word)
  for (const ending of ['ment', 'ation', 'ion', 'er', 'or', 'al']) {
    if (text.length - ending.length >= 3 && text.endsWith(ending)) return bare(text.slice(0, -ending.length))
  }
  return text
}

/** The words a name is made of: snake_case, camelCase, digits apart, abbreviations spelt out; as stems. */
export function nameStems(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
    .flatMap((part) => (abbreviations[part] ?? part).split(' '))
    .map(stem)
}
