import "./style.css";
import { readReport } from "./data";
import { h } from "./dom";
import { reportPage } from "./report";

const page = document.getElementById("page")!;
const report = readReport();
if (report === null) {
  page.append(h("p", {}, "This page holds no report. Make one with: evenflow report RUN -o report.html"));
} else {
  document.title = `evenflow: ${report.runs.map((run) => run.name).join(", ")}`;
  page.append(...reportPage(report));
}
