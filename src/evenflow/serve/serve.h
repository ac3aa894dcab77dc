// The live page: runs of a folder, compared and followed, and the lab.
#pragma once

#include "evenflow/serve/http_server.h"

namespace evenflow::serve {

class RunLibrary;

// Registers the page and its data (docs/serve.md). Throws Error(unsupported) when the program was built without the
// page.
void add_routes(HttpServer& server, RunLibrary& library);

}  // namespace evenflow::serve
