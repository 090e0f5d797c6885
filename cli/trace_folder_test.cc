#include "cli/trace_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/identity/sha256.h"
#include "reports/trace_file.h"

namespace cpgcert::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kText = "{\"case\":\"A-01/B\"}\nwith \xff and no end";

class TraceFolderTest : public testing::Test {
 protected:
  TraceFolderTest() {
    folder_ = testing::TempDir() + "trace_folder_XXXXXX";
    EXPECT_NE(mkdtemp(folder_.data()), nullptr);
  }
  ~TraceFolderTest() override { fs::remove_all(folder_); }

  std::string FileOf(const std::string& name) const {
    return reports::TraceFile(folder_, name);
  }

  // What a file of these bytes, named rightly, is refused for.
  std::string ErrorOf(const std::string& bytes) {
    const std::string name = harness::Sha256(bytes);
    fs::create_directories(fs::path(FileOf(name)).parent_path());
    std::ofstream(FileOf(name), std::ios::binary) << bytes;
    std::string text;
    return TraceFolder(folder_).Get(name, &text);
  }

  std::string folder_;
};

TEST_F(TraceFolderTest, WhatIsPutIsGot) {
  TraceFolder traces(folder_);
  const std::string packed = reports::Pack(kText);
  const std::string name = traces.Put(packed);
  EXPECT_EQ(name, harness::Sha256(packed));
  EXPECT_EQ(traces.Put(packed), name);
  EXPECT_EQ(traces.error(), "");
  std::string text = "old";
  EXPECT_EQ(TraceFolder(folder_).Get(name, &text), "");
  EXPECT_EQ(text, kText);
}

TEST_F(TraceFolderTest, NothingIsMadeForAnEmptyOne) {
  TraceFolder traces(folder_);
  EXPECT_EQ(traces.Put(""), "");
  EXPECT_EQ(traces.error(), "");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(TraceFolderTest, OnlyWhatWasPutRemains) {
  TraceFolder before(folder_);
  const std::string old = before.Put(reports::Pack("old"));
  const std::string both = before.Put(reports::Pack("both"));
  const std::string other = folder_ + "/traces/notes.txt";
  std::ofstream(other) << "mine";
  TraceFolder traces(folder_);
  traces.Put(reports::Pack("both"));
  const std::string fresh = traces.Put(reports::Pack("fresh"));
  traces.RemoveOthers();
  EXPECT_FALSE(fs::exists(FileOf(old)));
  EXPECT_TRUE(fs::exists(FileOf(both)));
  EXPECT_TRUE(fs::exists(FileOf(fresh)));
  EXPECT_TRUE(fs::exists(other));
}

TEST_F(TraceFolderTest, OtherContentIsRefused) {
  TraceFolder traces(folder_);
  const std::string name = traces.Put(reports::Pack(kText));
  // Another trace, which is whole.
  std::ofstream(FileOf(name), std::ios::binary) << reports::Pack("other");
  std::string text;
  EXPECT_EQ(traces.Get(name, &text),
            "its trace is not what its name says: " + FileOf(name));
  EXPECT_EQ(text, "");
}

TEST_F(TraceFolderTest, WhatCannotBeUnpackedIsRefused) {
  const std::string packed = reports::Pack(kText);
  const std::string error = "its trace: it is no gzip file, or is cut";
  EXPECT_EQ(ErrorOf(""), error);
  EXPECT_EQ(ErrorOf("no gzip file"), error);
  EXPECT_EQ(ErrorOf(packed.substr(0, packed.size() - 1)), error);
  EXPECT_EQ(ErrorOf(packed + "more"), error);
}

TEST_F(TraceFolderTest, AFileThatIsTooLongIsNotRead) {
  const std::string name(64, 'a');
  fs::create_directories(fs::path(FileOf(name)).parent_path());
  std::ofstream(FileOf(name)) << "";
  fs::resize_file(FileOf(name), uintmax_t{1} << 40);  // with no blocks
  std::string text;
  EXPECT_EQ(TraceFolder(folder_).Get(name, &text),
            "its trace is too long: " + FileOf(name));
}

TEST_F(TraceFolderTest, ANameIsASha256) {
  const TraceFolder traces(folder_);
  std::string text;
  for (const std::string& name :
       {std::string(), std::string("../certificate"), std::string(63, 'a'),
        std::string(65, 'a'), std::string(64, 'A'),
        // The name of the file would end at the 0.
        std::string("../../../../../../../../dev/zero\0", 33)}) {
    EXPECT_THAT(traces.Get(name, &text),
                StartsWith("its trace is not named by a SHA-256: "));
  }
}

TEST_F(TraceFolderTest, WhatIsNoFileIsNotThere) {
  const std::string name(64, 'a');
  const std::string error = "its trace is not there: " + FileOf(name);
  std::string text;
  EXPECT_EQ(TraceFolder(folder_).Get(name, &text), error);
  fs::create_directories(FileOf(name));
  EXPECT_EQ(TraceFolder(folder_).Get(name, &text), error);
  fs::remove(FileOf(name));
  ASSERT_EQ(mkfifo(FileOf(name).c_str(), 0600), 0);  // nobody writes to it
  EXPECT_EQ(TraceFolder(folder_).Get(name, &text), error);
}

TEST_F(TraceFolderTest, TheFirstThatCannotBeWrittenIsTold) {
  const std::string file = folder_ + "/file";
  std::ofstream(file) << "no folder";
  TraceFolder traces(file);
  EXPECT_EQ(traces.Put(reports::Pack("first")), "");
  const std::string error = traces.error();
  EXPECT_THAT(error, StartsWith("cannot write " + file + "/traces/"));
  EXPECT_THAT(error, HasSubstr(harness::Sha256(reports::Pack("first"))));
  EXPECT_EQ(traces.Put(reports::Pack("second")), "");
  EXPECT_EQ(traces.error(), error);
}

}  // namespace
}  // namespace cpgcert::cli
