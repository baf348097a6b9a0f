/** What is wrong with a file, in one sentence for whoever sent it. */
export class ImportFault extends Error {}

/** What is wrong is what was said of the file, not the file: it is kept for another try. */
export class OtherTry extends ImportFault {}
