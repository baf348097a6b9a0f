import { expect, test } from 'vitest'
import { shownMembers, shownRow } from './shown.ts'

const nested = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`

const lines = [
  '{"Name":"svchost.exe","Pid":4,"Ratio":0.5,"Deep":{"List":[1,null,true,""]}}',
  '{"Big":18446744073709551615,"Exact":9007199254740992,"Not":9007199254740993}',
  '{"Zero":-0,"One":1.0,"Exp":1e3,"Plus":1e+21,"Over":1e400,"Small":5e-324}',
  '{"a":1,"b":2,"a":3}',
  '{"10":1,"2":2,"name":3}',
  '{"__proto__":{"x":1},"constructor":2}',
  String.raw`{"Command":"\u003cscript\u003e \ud800 \u0000 é"}`,
  '{"Spaced": 1 , "b":[ ]}',
  '{"Cr":1}\r',
  'null',
  '"text"',
  '[1,[2,[3]]]',
  nested(499),
  nested(500),
  nested(501),
  nested(502),
  `{"a":[${Array.from({ length: 600 }, () => '{}').join(',')}]}`,
  `{"Long":"${'x'.repeat(999_980)}"}`,
  `{"Long":"${'x'.repeat(1_000_000)}"}`,
]

test.each(lines.map((line) => [line.slice(0, 60), line]))(
  '%s is shown the same at once and by its parts',
  (_, line) => {
    const bytes = Buffer.from(line)
    expect(JSON.parse(`{${shownMembers(bytes)}}`)).toEqual(JSON.parse(JSON.stringify(shownRow(bytes))))
  },
)
