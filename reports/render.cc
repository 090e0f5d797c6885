// Writes reports of a certificate without a run: for tests, and for work on the
// reports.
//
// usage: render CERTIFICATE.JSON|--full|--hostile|--defective|--sound FILE...
//   --full       a small certificate with one of everything
//   --hostile    the same with texts that would break what holds them
//   --defective  as broad as a real one of a library with many defects
//   --sound      the same of a library with few
// What a file becomes is said by its name: comparison.html and
// side_by_side.html (with a certificate that is all good), else by its ending:
// .html the page, .xml JUnit's, .json the certificate. Exit status: 0, or 2 if
// it could not be done.
#include <cstddef>
#include <cstdio>
#include <string>
#include <vector>

#include "reports/certificate.h"
#include "reports/compare.h"
#include "reports/example.h"
#include "reports/html.h"
#include "reports/json.h"
#include "reports/junit.h"
#include "reports/read_in.h"
#include "reports/side_by_side.h"
#include "reports/write_out.h"

namespace {

using cpgcert::reports::Certificate;

std::string Render(const Certificate& certificate, const std::string& file) {
  const Certificate good = cpgcert::reports::GoodCertificate();
  if (file.ends_with("comparison.html")) {
    return ComparisonHtml(good, certificate, Compare(good, certificate));
  }
  if (file.ends_with("side_by_side.html")) {
    return cpgcert::reports::SideBySideHtml({good, certificate});
  }
  if (file.ends_with(".html")) return ToHtml(certificate);
  if (file.ends_with(".xml")) return ToJunit(certificate);
  return ToJson(certificate);
}

std::string Obtain(const std::string& from, Certificate* certificate) {
  if (from == "--full") {
    *certificate = cpgcert::reports::FullCertificate();
  } else if (from == "--defective" || from == "--sound") {
    *certificate = cpgcert::reports::BroadCertificate(from == "--defective");
  } else if (from == "--hostile") {
    *certificate = cpgcert::reports::HostileCertificate(
        "</pre></style></title><!--<script></script><img src=x "
        "onerror=\"throw 1\">'{{name}}{{{name}}}&\x1b[2J\xFF\xE2\x80\xAE]]>");
  } else {
    return cpgcert::reports::ReadIn(from, certificate);
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv, argv + argc);
  if (arguments.size() < 3) {
    std::fputs(
        "usage: render CERTIFICATE.JSON|--full|--hostile|--defective|--sound "
        "FILE...\n",
        stderr);
    return 2;
  }
  Certificate certificate;
  std::string error = Obtain(arguments[1], &certificate);
  for (std::size_t i = 2; error.empty() && i < arguments.size(); ++i) {
    error = cpgcert::reports::WriteFile(arguments[i],
                                        Render(certificate, arguments[i]));
  }
  if (error.empty()) return 0;
  std::fprintf(stderr, "render: %s\n", error.c_str());
  return 2;
}
