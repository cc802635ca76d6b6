// Entry point; the page grows from here.
export {};
