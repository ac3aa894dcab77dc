#include "evenflow/cli/app.h"

int main(int argc, char** argv) {
  return evenflow::cli::run(argc, argv);
}
