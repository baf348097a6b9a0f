/** What a notification is about; the web has an icon and a word for each. */
export const notificationKinds = ['export', 'case', 'indicator', 'ingestion', 'comment'] as const
export type NotificationKind = (typeof notificationKinds)[number]

/** Read or not, one goes after so many days. */
export const keptDays = 90
export const mostWords = 500
