// One page for both: a report in a file carries its data; without data it is the page of a running server.
import "./styles/base.css";
import "./styles/report.css";
import "./styles/lab.css";
import { readReport } from "./data";
import { h } from "./dom";
import { route } from "./router";
import { wordmark } from "./shell";
import { reportPage } from "./views/report";

const page = document.getElementById("page")!;
const report = readReport();
if (report !== null) {
  document.title = `evenflow: ${report.runs.map((run) => run.name).join(", ")}`;
  page.before(h("header", { class: "top" }, wordmark()));
  page.append(h("div", { class: "page" }, ...reportPage(report)));
} else if (location.protocol === "file:") {
  page.append(h("p", { class: "page" }, "This page holds no report. Make one with: evenflow report RUN -o report.html"));
} else {
  route(page);
}
