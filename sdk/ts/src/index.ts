// Public surface of the Parley SDK.
export {};
