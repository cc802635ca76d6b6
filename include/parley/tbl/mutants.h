/* Planted bugs of the simulator's build: each breaks one rule where PAR_MUTANT(name) stands, and the
 * worlds must find it (make sim-mutants). X(name, what it does instead). */
X(ACK_BEFORE_SYNC, "commits do not wait for the disk")
X(ANSWER_NOT_ENTRY, "an answer that comes too late does not become the entry event of its connection")
X(TIMEOUT_FINAL, "a request without an answer in time is refused for good")
X(ROUTE_AFTER_SYNC, "the route of a connection is confirmed after its sync has read")
X(ROUTE_DELETE_BLIND, "a route is removed without a look whether the user is there again")
