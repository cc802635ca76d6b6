/* Values that the metrics page asks of their owners: depths, limits, memory, counts. */
#ifndef PAR_SERVER_METRICS_H
#define PAR_SERVER_METRICS_H

#include "server/server.h"

/* Registers them all; NULL when memory is refused: the page then lacks them. */
struct par_metrics *par_metrics_new(struct par_server *server);
/* Takes them out again, waits for a scrape that is under way, and nulls. */
void par_metrics_free(struct par_metrics **metrics);

#endif
