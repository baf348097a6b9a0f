/** What is wrong with a file, in one sentence for whoever sent it. */
export class ImportFault extends Error {}
