// Legal variants are certified: whoever differs in what the pages leave open
// keeps every promise. A failure here is a defect of the case that failed.
//
// By hand, the whole suite on one variant:
//   bazel run //conformance/faults/legal:legal_test -- --whole=own_threads

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/case.h"
#include "conformance/case_runner.h"
#include "conformance/faults/faults.h"
#include "conformance/faults/legal/legal_proofs.h"
#include "conformance/faults/suite_on.h"
#include "conformance/requirements/requirements.h"
#include "conformance/suites.h"

namespace cpgcert::faults {
namespace {

using conformance::AllCases;
using conformance::CaseInfo;
using conformance::CaseRun;
using harness::Verdict;

// A row of legal_table.bzl.
struct Variant {
  const char* name;
  const char* does;
  const char* why;
  const char* shows_in;  // requirements and globs, with spaces between
  const char* unlike;    // the library on which its proof must fail
  const char* one_of;    // how many of the other cases run: one of so many
  // What a case may say that is unsupported on this variant alone.
  const char* lacks = "";
};

constexpr Variant kVariants[] = {
#include "conformance/faults/legal/variants.inc"
};

// The library beneath ("": the system's) and its known deviations.
struct Base {
  const char* library;
  const char* deviations;
};

constexpr Base kBase[] = {
#include "conformance/faults/legal/base.inc"
};

void PrintTo(const Variant& variant, std::ostream* out) {
  *out << variant.name;
}

// Set by --whole: all cases run on this one.
std::string whole;

std::string FileOf(std::string_view library) {
  if (library == "corosync") {
    return "libcpg.so.4";  // the machine's
  }
  return library == "unfaulted" ? Runfile(kUnfaulted)
                                : Runfile("conformance/faults/legal/" +
                                          std::string(library) + ".so");
}

bool ShowsIn(const Variant& variant, const CaseInfo& info) {
  std::istringstream words(variant.shows_in);
  for (std::string word; words >> word;) {
    if (std::ranges::find(info.requirements, word) != info.requirements.end() ||
        fnmatch(word.c_str(), info.name.c_str(), 0) == 0) {
      return true;
    }
  }
  return false;
}

bool IsProof(const CaseInfo& info) {
  return info.name.find("/LegalVariant/") != std::string::npos;
}

// Requests for memory fail, those of the layer too, which ends the process
// then. The reference without a layer is asked (//cli:certify_reference_test).
bool IsOfMemory(const CaseInfo& info) {
  return info.name.ends_with("/Allocation");
}

// The cases for a variant: where it shows, and a sample of the others that is
// another one for each variant.
std::vector<size_t> CasesFor(const Variant& variant) {
  const size_t one_of = std::strtoul(variant.one_of, nullptr, 10);
  const size_t first = std::hash<std::string_view>()(variant.name) % one_of;
  std::vector<size_t> indices;
  for (size_t i = 0; i < AllCases().size(); ++i) {
    const CaseInfo& info = AllCases()[i];
    if (!IsProof(info) && !IsOfMemory(info) &&
        (whole == variant.name || ShowsIn(variant, info) ||
         i % one_of == first)) {
      indices.push_back(i);
    }
  }
  return indices;
}

Trial TrialOf(size_t index, const std::string& library) {
  Trial trial{index, library};
  trial.deviations = kBase->deviations;
  return trial;
}

bool MayBeUnsupported(const CaseInfo& info) {
  return info.needs_capability ||
         std::ranges::all_of(info.requirements, [](const std::string& id) {
           const auto* row = conformance::FindRequirement(id);
           return row != nullptr && row->optional;
         });
}

class LegalTest : public testing::TestWithParam<Variant> {
 protected:
  // The proof: it passes on the variant, and fails on the other.
  static void Prove(const Variant& variant, std::vector<Trial>* trials) {
    const size_t proof = CaseNamed(ProofOf(variant.name));
    trials->push_back(TrialOf(proof, FileOf(variant.name)));
    trials->push_back(TrialOf(proof, FileOf(variant.unlike)));
  }

  void Judge(const Variant& variant, const Trial& trial, const CaseRun& run) {
    const CaseInfo& info = AllCases()[trial.case_index];
    const Verdict verdict = EffectiveVerdict(run.outcome);
    if (IsProof(info)) {
      const bool own = trial.library == FileOf(variant.name);
      EXPECT_EQ(verdict == Verdict::kPass, own)
          << "the difference of " << variant.name << " on " << trial.library
          << ": " << ToString(verdict) << ": " << run.message;
    } else if (verdict == Verdict::kUnsupported) {
      EXPECT_TRUE(MayBeUnsupported(info)) << info.name << ": " << run.message;
      const std::string_view lacks = variant.lacks;
      if (lacks.empty() || run.message.find(lacks) == std::string::npos) {
        unsupported_.insert(trial.case_index);
      }
    } else {
      EXPECT_TRUE(verdict == Verdict::kPass || run.outcome.is_deviation)
          << info.name << ": " << ToString(verdict) << ": " << run.message;
    }
  }

  // A capability that the variant does not declare absent is absent beneath.
  void Compare() {
    std::vector<Trial> trials;
    for (const size_t index : unsupported_) {
      trials.push_back(TrialOf(index, Runfile(kUnfaulted)));
    }
    if (trials.empty()) {
      return;
    }
    EXPECT_EQ(
        RunTrials(
            trials,
            [](const Trial&, const CaseRun& run) {
              EXPECT_EQ(EffectiveVerdict(run.outcome), Verdict::kUnsupported)
                  << run.outcome.name
                  << ": the variant only has another verdict";
              return true;
            }),
        "");
  }

  // Cases to be run without the difference too.
  std::set<size_t> unsupported_{};
};

TEST_P(LegalTest, DiffersAndIsCertified) {
  const Variant& variant = GetParam();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_NE(ProofOf(variant.name), "") << "it has no proof";
  std::vector<Trial> trials;
  Prove(variant, &trials);
  for (const size_t index : CasesFor(variant)) {
    trials.push_back(TrialOf(index, FileOf(variant.name)));
  }
  size_t ran = 0;
  ASSERT_EQ(RunTrials(trials,
                      [&](const Trial& trial, const CaseRun& run) {
                        ++ran;
                        Judge(variant, trial, run);
                        return true;
                      }),
            "");
  EXPECT_EQ(ran, trials.size());
  Compare();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begin);
  std::printf("%s: %zu cases, %d ms\n", variant.name, ran,
              static_cast<int>(took.count()));
}

INSTANTIATE_TEST_SUITE_P(Variants, LegalTest, testing::ValuesIn(kVariants),
                         [](const testing::TestParamInfo<Variant>& info) {
                           return info.param.name;
                         });

TEST(LegalTable, NamesAndSentencesAreUnique) {
  std::set<std::string> names, sentences;
  for (const Variant& variant : kVariants) {
    EXPECT_TRUE(names.insert(variant.name).second) << variant.name;
    EXPECT_TRUE(sentences.insert(variant.does).second) << variant.name;
  }
  EXPECT_GE(names.size(), 20U);
}

TEST(LegalTable, EveryRowShowsSomewhereAndIsUnlikeAnother) {
  std::set<std::string> names = {"unfaulted"};
  for (const Variant& variant : kVariants) {
    names.insert(variant.name);
  }
  names.insert("corosync");
  for (const Variant& variant : kVariants) {
    SCOPED_TRACE(variant.name);
    EXPECT_TRUE(names.contains(variant.unlike)) << variant.unlike;
    EXPECT_TRUE(std::string_view(variant.does).ends_with('.'));
    EXPECT_TRUE(std::string_view(variant.why).ends_with('.'));
    EXPECT_GT(std::strtoul(variant.one_of, nullptr, 10), 0U);
    std::istringstream words(variant.shows_in);
    for (std::string word; words >> word;) {
      Variant one = variant;
      one.shows_in = word.c_str();
      EXPECT_TRUE(std::ranges::any_of(AllCases(), [&one](const auto& info) {
        return ShowsIn(one, info);
      })) << word;
    }
  }
}

}  // namespace
}  // namespace cpgcert::faults

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  constexpr std::string_view kWhole = "--whole=";
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]).starts_with(kWhole)) {
      cpgcert::faults::whole = argv[i] + kWhole.size();
      testing::GTEST_FLAG(filter) = "*/" + cpgcert::faults::whole;
    }
  }
  // What the layers forward to, in every process.
  const std::string base = cpgcert::faults::kBase->library;
  if (!base.empty()) {
    setenv("CPGCERT_REAL_LIBCPG", cpgcert::faults::Runfile(base).c_str(), 1);
  }
  cpgcert::conformance::RegisterSuites();
  cpgcert::faults::RegisterProofs();
  return RUN_ALL_TESTS();
}
