#include "evenflow/serve/serve.h"

#include "evenflow/base/text.h"
#include "evenflow/health/lesson.h"
#include "evenflow/report/page.h"
#include "evenflow/serve/lab.h"
#include "evenflow/serve/run_library.h"

namespace evenflow::serve {
namespace {

HttpReply lessons(const HttpRequest&) {
  Json all = Json::array();
  for (const Lesson& lesson : all_lessons()) all.push_back({{"name", lesson.name}, {"title", lesson.title()}});
  Json names = Json::array();
  for (const Lesson& lesson : all_lessons()) names.push_back(lesson.name);
  return json_reply({{"names", std::move(names)}, {"lessons", std::move(all)}});
}

HttpReply one_lesson(const HttpRequest& request) {
  const Lesson& found = lesson(request.get("name"));
  const std::string numbers = lesson_numbers(found);
  return json_reply({{"name", found.name},
                     {"title", found.title()},
                     {"text", std::string(found.text) + (numbers.empty() ? "" : "\n" + numbers)}});
}

}  // namespace

void add_routes(HttpServer& server, RunLibrary& library) {
  if (report_page().empty()) {
    fail(ErrorKind::unsupported,
         "this program was built without the page, because npm or its registry was missing; install npm and build "
         "again");
  }
  server.get("/", [](const HttpRequest&) {
    return HttpReply{.body = std::string(report_page()), .type = "text/html; charset=utf-8"};
  });
  server.get("/api/runs", [&library](const HttpRequest&) { return json_reply(library.list()); });
  server.get("/api/report",
             [&library](const HttpRequest& request) { return json_reply(library.report(request.all("run"))); });
  server.stream("/api/follow", [&library](const HttpRequest& request) {
    const std::int64_t after = request.has("after") ? parse_integer(request.get("after"), "after") : 0;
    return library.follow(request.get("run"), static_cast<std::uint64_t>(std::max<std::int64_t>(0, after)));
  });
  server.get("/api/lab/choices", [](const HttpRequest&) { return json_reply(lab_choices()); });
  server.get("/api/lab/probe", [](const HttpRequest& request) { return json_reply(lab_probe(lab_state(request))); });
  server.get("/api/lab/export",
             [](const HttpRequest& request) { return lab_export(lab_state(request), request.get("as")); });
  server.stream("/api/lab/train", [](const HttpRequest& request) { return lab_training(lab_state(request)); });
  server.get("/api/lessons", lessons);
  server.get("/api/lesson", one_lesson);
}

}  // namespace evenflow::serve
