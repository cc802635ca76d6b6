// The address of a conversation, for whoever has no page. A conversation id has its dots as hyphens, because the server
// takes a path with a dot for a file.
export const pathOf = (conv: string): string => `/c/${conv.replaceAll('.', '-')}`;
