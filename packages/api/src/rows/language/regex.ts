import { RE2JS } from 're2js'

/** Linear in the text, whatever the expression. Throws RE2JSSyntaxException. */
export const compileRegex = (source: string) => RE2JS.compile(source, RE2JS.CASE_INSENSITIVE | RE2JS.DOTALL)
