import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Cell, openColumn } from './columns.ts'
import { frameRange, linesOf, readRow } from './frames.ts'
import { indicatorsIn } from './indicators.ts'
import { type Block, prepareBlocks } from './prepare.ts'
import { folded, termOf, termOfDay } from './terms.ts'
import { openText } from './text.ts'
import { dayOf, readTime } from './times.ts'

const termKey = Buffer.from('a key of this test')
const receivedAt = 1_700_000_000e6

const prepare = (text: string | Uint8Array) => prepareBlocks(Buffer.from(text as string), { termKey, receivedAt })

/** The only block of these lines. */
function blockOf(...lines: string[]): Block {
  const { blocks, rejected } = prepare(lines.map((line) => `${line}\n`).join(''))
  expect(rejected).toEqual([])
  expect(blocks).toHaveLength(1)
  return blocks[0]!
}

const rowsOf = (mask: Uint8Array) => [...mask.keys()].filter((row) => mask[row] === 1)
const hasTerm = (block: Block, value: string) => block.terms.includes(termOf(value, termKey))

/** Rows that an exact search finds: through the terms, then the text. */
function exact(block: Block, value: string): number[] {
  return hasTerm(block, value) ? rowsOf(openText(block.text).rowsOfTerm(value)) : []
}

/** Rows that hold exactly this time in a time column: how a search answers for a time. */
function atTime(block: Block, time: string): number[] {
  const { seconds } = readTime(time)!
  if (!block.terms.includes(termOfDay(dayOf(seconds), termKey))) return []
  const times = block.columns.map(({ chunk }) => openColumn(chunk)).filter(({ kind }) => kind === 'times')
  const holds = (cell: Cell) => typeof cell === 'object' && cell !== null && 'time' in cell && cell.time === time
  return [...Array(block.n).keys()].filter((row) => times.some((column) => holds(column.cell(row))))
}

function cells(block: Block, ...path: string[]): Cell[] {
  const column = block.columns.find((each) => JSON.stringify(each.path) === JSON.stringify(path))
  if (!column) return Array(block.n).fill(undefined) as Cell[]
  const open = openColumn(column.chunk)
  return [...Array(block.n).keys()].map((row) => open.cell(row))
}

const eventTimes = (block: Block) => [...openColumn(block.columns[0]!.chunk).numbers]

/** Every string and number of a JSON text as written, keys left out; written without the code under test. */
function leavesOf(json: string): { strings: string[]; numbers: string[] } {
  const strings: string[] = []
  const numbers: string[] = []
  for (const [token, colon] of json.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|-?\d[^\s,\]}]*/g)) {
    if (colon !== undefined) continue
    if (token.startsWith('"')) strings.push(JSON.parse(token) as string)
    else numbers.push(token)
  }
  return { strings, numbers }
}

function expectFindable(block: Block, row: number, json: string) {
  const { strings, numbers } = leavesOf(json)
  for (const leaf of [...strings.filter((text) => text !== ''), ...numbers]) {
    const found = exact(block, leaf).includes(row) || (readTime(leaf) && atTime(block, leaf).includes(row))
    expect(found, `${JSON.stringify(leaf)} of ${json.slice(0, 300)}`).toBe(true)
  }
}

const hostileStrings = [
  'C:\\Windows\\System32\\cmd.exe', 'ÜBERPRÜFUNG Пароль', 'İstanbul ΑΣ', '\u0000', '\ud800', '\udc00x', 'a\u0001b', '\u0001', '\u00ff', '',
  '2024-03-01T10:20:30Z', '2024-03-01T10:20:30.1200000Z', '2024-02-30T10:20:30Z', '0001-01-01T00:00:00Z',
  '1601-01-01T00:00:00.0000001Z', '9999-12-31T23:59:59.999999999Z', '2024-03-01T10:20:30+02:00', '{"a":1}', '":', '1e400', 'n1', 'null', '[]',
] // prettier-ignore
const hostileNumbers = [
  '0', '-0', '-0.0', '1.0', '1e400', '-1E+5', '9007199254740993', '9223372036854775808', '18446744073709551616', '0.1', '1590282834.1201713',
  '132898790250183773', '1e-7', '1E400', '-9223372036854775808', '4625', '100000000000000000000000', '1.10', '123456789012345678901234567890.5',
] // prettier-ignore
const hostileKeys = [
  'a',
  'a.b',
  'a b',
  '__proto__',
  'constructor',
  'toJSON',
  'キー',
  '',
  '10',
  '2',
  'x\u0000',
  '\ud800',
  'Timestamp',
  'keys',
  'number',
  'done',
]

const string = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom(...hostileStrings))
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.maxSafeInteger().map(String),
  fc.constantFrom(...hostileNumbers),
)
const key = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...hostileKeys) }, fc.string({ unit: 'binary' }))
const space = fc.constantFrom('', '', '', ' ', '\t')
const escaped = (text: string) =>
  JSON.stringify(text).replace(/[<é]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** JSON texts with repeated keys, white space, numbers in every form. */
const { json } = fc.letrec<{ json: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    string.map((text) => JSON.stringify(text)),
    string.map(escaped),
    number,
    fc.constantFrom('true', 'false', 'null', '{}', '[]', '"2024-03-01T10:20:30.5Z"'),
    fc.tuple(fc.array(tie('json'), { maxLength: 4 }), space).map(([items, gap]) => `[${gap}${items.join(`${gap},`)}]`),
    fc
      .array(fc.tuple(key, space, space, tie('json')), { maxLength: 5 })
      .map(
        (members) => `{${members.map(([name, a, b, value]) => `${JSON.stringify(name)}${a}:${b}${value}`).join(',')}}`,
      ),
  ),
}))

describe('any JSON', () => {
  test('comes back byte for byte and is found by every string and number', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1, maxLength: 120 }), fc.constantFrom('\n', '\r\n'), (rows, end) => {
        const { blocks, rejected, lines } = prepare(rows.map((row) => row + end).join(''))
        expect([rejected, lines, blocks.length]).toEqual([[], rows.length, 1])
        const block = blocks[0]!
        for (const [row, text] of rows.entries()) {
          expect(readRow(block.raw, block.frames, row).toString()).toBe(Buffer.from(text).toString() + end.slice(0, -1))
          expectFindable(block, row, text)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('has the same rows for a value as a reading of every line', () => {
    const values = fc.constantFrom(
      'svchost.exe',
      'SVC',
      'host',
      '10.0.0.1',
      'x 10.0.0.1:443',
      'Ä',
      'ä',
      'exe',
      '1',
      '12',
    )
    const row = fc.record({
      a: values,
      b: fc.option(values),
      c: fc.array(values, { maxLength: 3 }),
      d: fc.integer({ min: 0, max: 12 }),
    })
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 60 }), values, (rows, wanted) => {
        const text = openText(blockOf(...rows.map((each) => JSON.stringify(each))).text)
        const leaves = rows.map((each) => [each.a, each.b, ...each.c, String(each.d)].map((leaf) => folded(leaf ?? '')))
        const rowsWith = (accept: (leaf: string) => boolean) =>
          [...leaves.keys()].filter((i) => leaves[i]!.some(accept))
        const value = folded(wanted)
        expect(rowsOf(text.rowsOfValue(wanted))).toEqual(rowsWith((leaf) => leaf === value))
        expect(rowsOf(text.rowsContaining(wanted))).toEqual(rowsWith((leaf) => leaf.includes(value)))
        expect(rowsOf(text.rowsOfTerm(wanted))).toEqual(
          rowsWith((leaf) => leaf === value || indicatorsIn(leaf).includes(value)),
        )
      }),
    )
  })

  test('keeps absent, null, booleans, numbers as written, times and text apart', () => {
    const sources = fc.constantFrom(
      undefined,
      'null',
      'true',
      'false',
      '""',
      '"null"',
      '"1"',
      ...hostileNumbers,
      '"2024-03-01T10:20:30.120Z"',
      '"2024-03-01T10:20:30Z"',
      '"0001-01-01T00:00:00Z"',
      '[1,"a"]',
      '{}',
    )
    fc.assert(
      fc.property(fc.array(sources, { minLength: 1, maxLength: 300 }), (column) => {
        const block = blockOf(...column.map((source) => (source === undefined ? '{"other":1}' : `{"f":${source}}`)))
        expect(cells(block, 'f').map(sourceOf)).toEqual(column)
      }),
    )
  })
})

/** The JSON of a cell. */
function sourceOf(cell: Cell): string | undefined {
  if (typeof cell !== 'object' || cell === null) return cell === undefined ? undefined : JSON.stringify(cell)
  if ('number' in cell) return cell.number
  if ('time' in cell) return JSON.stringify(cell.time)
  return 'json' in cell ? cell.json : cell.several.join(' ')
}

describe('hostile rows', () => {
  test.each(hostileNumbers)('the number %s is kept and found as written', (source) => {
    const block = blockOf(`{"Keywords":${source},"a":[${source}]}`, '{"Keywords":7}')
    expect(sourceOf(cells(block, 'Keywords')[0])).toBe(source)
    expect(exact(block, source)).toContain(0)
  })

  test('all values of a repeated key are found and kept', () => {
    const block = blockOf('{"a":"evil","b":{"c":1},"a":"good","b":{"c":2},"a":"evil"}', '{"a" :"hidden","a":"shown"}')
    for (const value of ['evil', 'good', '1', '2']) expect(exact(block, value)).toEqual([0])
    expect(exact(block, 'hidden')).toEqual([1])
    expect(cells(block, 'a')).toEqual([
      { several: ['"evil"', '"good"', '"evil"'] },
      { several: ['"hidden"', '"shown"'] },
    ])
    expect(cells(block, 'b', 'c')).toEqual([{ several: ['1', '2'] }, undefined])
  })

  test('a string that looks like the key of another hides no repeated key', () => {
    const block = blockOf('{"x":"\\":","a":"evil","a":"good"}', '{"x":"a\\":1,\\"a\\":2","a" : "evil","a":"good"}')
    expect(exact(block, 'evil')).toEqual([0, 1])
  })

  test('keys with dots, spaces, Unicode, NUL, __proto__ and integers are fields of their own', () => {
    const block = blockOf(
      '{"a.b":"1a","a":{"b":"2a"},"a b":"3a","Ü":"4a","__proto__":"5a","10":"6a","x\\u0000":"7a","\\ud800":"8a","":"9a"}',
    )
    const paths = [['a.b'], ['a', 'b'], ['a b'], ['Ü'], ['__proto__'], ['10'], ['x\u0000'], ['\ud800'], ['']]
    expect(paths.map((path) => cells(block, ...path)[0])).toEqual([
      '1a',
      '2a',
      '3a',
      '4a',
      '5a',
      '6a',
      '7a',
      '8a',
      '9a',
    ])
  })

  test('NUL and lone surrogates are kept; a lone surrogate is found as U+FFFD', () => {
    const block = blockOf('{"a":"x\\u0000y","b":"\\ud800!"}')
    expect([cells(block, 'a')[0], cells(block, 'b')[0]]).toEqual(['x\u0000y', '\ud800!'])
    expect([exact(block, 'x\u0000y'), exact(block, '\ud800!'), exact(block, '\ufffd!')]).toEqual([[0], [0], [0]])
  })

  test('bytes that are not UTF-8 are kept, and found as U+FFFD', () => {
    const line = Buffer.concat([Buffer.from('{"a":"caf'), Buffer.from([0xe9]), Buffer.from('"}')])
    const [block] = prepare(Buffer.concat([line, Buffer.from('\n{"a":"ok"}\n')])).blocks
    expect(readRow(block!.raw, block!.frames, 0)).toEqual(line)
    expect(exact(block!, 'caf\ufffd')).toEqual([0])
  })

  test('CRLF, a missing last line end and blank lines', () => {
    const { blocks, lines, blank, rejected } = prepare('{"a":1}\r\n\r\n  \n{"a":"two"}')
    expect([lines, blank, rejected]).toEqual([4, 2, []])
    const [block] = blocks
    expect(block!.runs).toEqual([
      { row: 0, line: 0, n: 1 },
      { row: 1, line: 3, n: 1 },
    ])
    expect([0, 1].map((row) => readRow(block!.raw, block!.frames, row).toString())).toEqual([
      '{"a":1}\r',
      '{"a":"two"}',
    ])
    expect(cells(block!, 'a')).toEqual([{ number: '1' }, 'two'])
  })

  test('what is not JSON is told with its line, and the rest stays', () => {
    const { blocks, rejected } = prepare('{"a":1}\nnot json\n{"a":NaN}\n\u00a0\n\ufeff{}\n{"a":2}\n')
    expect(rejected).toEqual([1, 2, 3, 4].map((line) => ({ line, reason: 'not JSON' })))
    expect(blocks[0]!.runs).toEqual([
      { row: 0, line: 0, n: 1 },
      { row: 1, line: 5, n: 1 },
    ])
    expect(readRow(blocks[0]!.raw, blocks[0]!.frames, 1).toString()).toBe('{"a":2}')
  })

  test('a line over 16 MB is too large; the largest one is a block of its own', () => {
    const long = (size: number) => `{"a":"${'x'.repeat(size - 8)}"}`
    const { blocks, rejected } = prepare([long(16 * 1024 * 1024 + 1), long(16 * 1024 * 1024), '{"a":1}', ''].join('\n'))
    expect(rejected).toEqual([{ line: 0, reason: 'too large' }])
    expect(blocks.map(({ n, rawBytes }) => [n, rawBytes])).toEqual([
      [1, 16 * 1024 * 1024 + 1],
      [1, 8],
    ])
  })

  test('a string of 300 kB', () => {
    const value = `${'Ab1 '.repeat(75_000)}end`
    const block = blockOf(JSON.stringify({ a: value }), '{"a":"b"}')
    expect(cells(block, 'a')).toEqual([value, 'b'])
    expect(exact(block, value)).toEqual([0])
  })

  test.each([500, 200_000])('%d levels deep', (depth) => {
    const objects = `${'{"k":'.repeat(depth)}"deepest"${'}'.repeat(depth)}`
    const arrays = `${'['.repeat(depth)}9223372036854775808${']'.repeat(depth)}`
    const block = blockOf(objects, arrays, `{"a":${arrays}}`)
    expect(exact(block, 'deepest')).toEqual([0])
    expect(exact(block, '9223372036854775808')).toEqual([1, 2])
    expect(readRow(block.raw, block.frames, 0).toString()).toBe(objects)
  })

  test('10,000 keys: 1,000 columns, every value found', () => {
    const row = `{${[...Array(10_000).keys()].map((i) => `"key${i}":"value${i}"`).join(',')}}`
    const block = blockOf(row, `{"key5000":"else"}`)
    expect([block.columns.length, block.cappedFields]).toEqual([1001, 9000])
    for (const i of [0, 999, 1000, 9999]) expect(exact(block, `value${i}`)).toEqual([0])
    expect(exact(block, 'else')).toEqual([1])
  })

  test('ever new keys in many rows', () => {
    const rows = [...Array(300).keys()].map(
      (i) => `{${[...Array(100).keys()].map((k) => `"k${i}_${k}":"v${i}_${k}"`).join(',')}}`,
    )
    const block = blockOf(...rows)
    expect(block.cappedFields).toBeGreaterThanOrEqual(29_000)
    expect(exact(block, 'v299_99')).toEqual([299])
  })

  test('scalars and arrays are rows', () => {
    const block = blockOf('"text"', '42', 'null', 'true', '[1,"two",{"a":"three"}]', '-0', '[]', '{}')
    expect(['text', '42', 'two', 'three', '-0'].map((value) => exact(block, value))).toEqual([[0], [1], [4], [4], [5]])
  })

  test('values do not run into each other', () => {
    const block = blockOf('{"a":"ab","b":"cd"}', '{"a":"x\\u0001y"}')
    const text = openText(block.text)
    expect(rowsOf(text.rowsContaining('bc'))).toEqual([])
    expect(rowsOf(text.rowsContaining('\u0001y'))).toEqual([1])
  })

  test('a value that hangs a careless pattern', () => {
    const rows = [
      '@.',
      'a'.repeat(300_000) + '@.',
      'a.'.repeat(150_000),
      '::'.repeat(100_000),
      'a://'.repeat(75_000),
      '-.'.repeat(100_000) + 'x.com',
      '1.'.repeat(100_000),
      `1${'.'.repeat(300_000)}1`,
      `a${'.'.repeat(300_000)}a`,
    ]
    expect(blockOf(...rows.map((a) => JSON.stringify({ a }))).n).toBe(rows.length)
  })
})

describe('blocks', () => {
  test('are cut at 1,000 rows, and frames hold 50 lines', () => {
    const rows = [...Array(2345).keys()].map((i) => `{"i":${i}}`)
    const { blocks } = prepare(rows.join('\n'))
    expect(blocks.map(({ n }) => n)).toEqual([1000, 1000, 345])
    expect(blocks[2]!.frames).toHaveLength(8)
    const { start, end, line } = frameRange(blocks[2]!.frames, 344)
    expect(linesOf(blocks[2]!.raw.subarray(start, end))[line]!.toString()).toBe('{"i":2344}')
    expect(() => frameRange(blocks[2]!.frames, 350)).toThrow(RangeError)
  })

  test('do not remember the block before', () => {
    const [first, second] = [blockOf('{"a":"one","t":"2024-03-01T00:00:00Z"}'), blockOf('{"b":"two"}')]
    expect(exact(second, 'one')).toEqual([])
    expect(second.columns.map(({ path }) => path)).toEqual([[], ['b']])
    expect([first, second].map((block) => block.terms.includes(termOfDay(19_783, termKey)))).toEqual([true, false])
  })

  test('depend on the key in their terms alone', () => {
    const [a] = prepare('{"a":"x"}').blocks
    const [b] = prepareBlocks(Buffer.from('{"a":"x"}'), { termKey: Buffer.from('other'), receivedAt }).blocks
    expect([a!.terms.length, a!.terms[0] === b!.terms[0]]).toEqual([1, false])
  })
})

describe('times', () => {
  test('stand in time columns alone, letter by letter', () => {
    const times = [
      '2024-03-01T10:20:30Z',
      '2024-03-01T10:20:30.1200000Z',
      '0001-01-01T00:00:00Z',
      '1601-01-01T00:00:00.0000001Z',
      '9999-12-31T23:59:59.999999999Z',
    ]
    const block = blockOf(
      ...times.map((t) => JSON.stringify({ t })),
      '{"t":null}',
      '{"t":""}',
      '{"t":"2024-02-30T10:20:30Z"}',
      '{"t":"2024-03-01T12:20:30+02:00"}',
    )
    expect(cells(block, 't').map(sourceOf)).toEqual([
      ...times.map((t) => JSON.stringify(t)),
      'null',
      '""',
      '"2024-02-30T10:20:30Z"',
      '"2024-03-01T12:20:30+02:00"',
    ])
    for (const [row, time] of times.entries()) expect([exact(block, time), atTime(block, time)]).toEqual([[], [row]])
    expect(exact(block, '2024-02-30T10:20:30Z')).toEqual([7])
    expect(exact(block, '2024-03-01T12:20:30+02:00')).toEqual([8])
  })

  test.each([
    ['{"EventTime":"2024-03-01T10:20:30.123456789Z"}', 1_709_288_430_123_457],
    ['{"EventTime":"2024-03-01T12:20:30+02:00"}', 1_709_288_430e6],
    ['{"System":{"TimeCreated":{"SystemTime":1590282834.1201713}}}', 1_590_282_834_120_171],
    ['{"Timestamp":1602103388000000000}', 1_602_103_388e6],
    ['{"Timestamp":1602103388000000}', 1_602_103_388e6],
    ['{"_ts":1602103388000}', 1_602_103_388e6],
    ['{"_ts":1602103388}', 1_602_103_388e6],
    ['{"_ts":1602103388.0}', 1_602_103_388e6],
    ['{"LastRunTimes":["2024-03-01T10:20:30Z","2023-01-01T00:00:00Z"]}', 1_709_288_430e6],
    ['{"Mtime":"2024-03-01T10:20:30Z","EventTime":"0001-01-01T00:00:00Z"}', 1_709_288_430e6],
    ['{"Mtime":"2024-03-01T10:20:30Z","EventTime":"1601-01-01T00:00:00Z"}', 1_709_288_430e6],
    ['{"Mtime":"2024-03-01T10:20:30Z","EventTime":null,"Timestamp":""}', 1_709_288_430e6],
    ['{"EventTime":"9999-12-31T23:59:59Z"}', 253_402_300_799e6],
    ['{"EventTime":"1601-01-02T00:00:00Z"}', -11_644_387_200e6],
    ['{"Timestamp":1e400}', receivedAt],
    ['{"Timestamp":-5}', receivedAt],
    ['{"Timestamp":0}', receivedAt],
    ['{"a":1}', receivedAt],
    ['[]', receivedAt],
  ])('the event time of %s', (row, micros) => {
    const block = blockOf(row)
    expect([eventTimes(block), block.tMin, block.tMax]).toEqual([[micros], micros, micros])
  })

  test('are kept to the microsecond over a block', () => {
    const micros = [0, 1, 999_999, 86_400e6 * 400 + 7].map((step) => 1_709_288_430_000_001 + step)
    const block = blockOf(...micros.map((t) => `{"Timestamp":${t}}`))
    expect([eventTimes(block), block.tMin, block.tMax]).toEqual([micros, micros[0], micros[3]])
  })
})
