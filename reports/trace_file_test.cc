#include "reports/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>

namespace cpgcert::reports {
namespace {

namespace fs = std::filesystem;

using testing::UnorderedElementsAre;

constexpr const char* kNoGzip = "it is no gzip file, or is cut";

// What is wrong with a file; "" if nothing.
std::string ErrorIn(const std::string& packed) {
  std::string text;
  return Unpack(packed, &text);
}

std::string Lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += "{\"thread\":0,\"saw\":\"" + std::to_string(i) + "\"}\n";
  }
  return text;
}

std::string RandomBytes(size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random());
  }
  return bytes;
}

// An empty folder of this test.
std::string EmptyFolder() {
  const testing::TestInfo* const test =
      testing::UnitTest::GetInstance()->current_test_info();
  const fs::path folder = fs::path(testing::TempDir()) / test->name();
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder.string();
}

void WriteFile(const fs::path& path) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << "content";
}

std::set<std::string> FilesIn(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

TEST(TraceFileTest, ATextComesBack) {
  for (const std::string& text :
       {std::string(), std::string("\n"), std::string(1, '\0'), Lines(1),
        Lines(10'000), RandomBytes(65535), RandomBytes(65536),
        RandomBytes(1'000'000)}) {
    std::string back = "what stood there";
    EXPECT_EQ(Unpack(Pack(text), &back), "");
    EXPECT_TRUE(back == text) << text.size();
  }
}

TEST(TraceFileTest, TheSameTextHasTheSameBytes) {
  const std::string text = Lines(10'000);
  EXPECT_TRUE(Pack(text) == Pack(std::string(text)));
  EXPECT_FALSE(Pack(text) == Pack(text + "\n"));
}

TEST(TraceFileTest, AFileIsGzipWithoutANameOrATime) {
  const std::string packed = Pack("text");
  ASSERT_GT(packed.size(), 10);
  EXPECT_EQ(packed.substr(0, 8), std::string("\x1f\x8b\x08\0\0\0\0\0", 8));
}

TEST(TraceFileTest, AFileIsSmallerThanItsText) {
  const std::string text = Lines(10'000);
  EXPECT_LT(Pack(text).size(), text.size() / 4);
}

TEST(TraceFileTest, AFileThatIsCutAnywhereIsRefused) {
  const std::string packed = Pack(Lines(20));
  for (size_t size = 0; size < packed.size(); ++size) {
    ASSERT_EQ(ErrorIn(packed.substr(0, size)), kNoGzip) << size;
  }
}

TEST(TraceFileTest, WhatIsNoGzipIsRefused) {
  EXPECT_EQ(ErrorIn("rubbish"), kNoGzip);
  EXPECT_EQ(ErrorIn(Lines(100)), kNoGzip);
  EXPECT_EQ(ErrorIn(RandomBytes(100'000)), kNoGzip);
}

TEST(TraceFileTest, BytesBehindTheEndAreRefused) {
  const std::string packed = Pack(Lines(20));
  EXPECT_EQ(ErrorIn(packed + std::string(1, '\0')), kNoGzip);
  EXPECT_EQ(ErrorIn(packed + packed), kNoGzip);
}

TEST(TraceFileTest, AnAlteredTextIsRefused) {
  std::string packed = Pack(RandomBytes(1000));  // stored as it is
  packed[packed.size() / 2] ^= 1;
  EXPECT_EQ(ErrorIn(packed), kNoGzip);
}

TEST(TraceFileTest, AFewBytesThatSayMoreThanAnyTraceAreRefused) {
  const std::string bomb = Pack(std::string(kUnpackedMax + 1, 'x'));
  EXPECT_LT(bomb.size(), size_t{4} << 20);
  EXPECT_EQ(ErrorIn(bomb), "it is too long");
}

TEST(TraceFileTest, ATraceLiesBesideTheCertificate) {
  EXPECT_EQ(TraceFile("/out", std::string(64, 'a')),
            "/out/traces/" + std::string(64, 'a') + ".jsonl.gz");
}

TEST(TraceFileTest, OnlyTracesThatAreNotKeptAreRemoved) {
  const std::string folder = EmptyFolder();
  const std::string kept(64, 'a');
  const std::string other = std::string(63, '0') + "f";
  WriteFile(TraceFile(folder, kept));
  WriteFile(TraceFile(folder, other));
  const fs::path traces = fs::path(folder) / "traces";
  WriteFile(traces / "notes.txt");
  WriteFile(traces / "short.jsonl.gz");
  WriteFile(traces / (std::string(64, 'g') + ".jsonl.gz"));
  WriteFile(traces / (other + ".jsonl.gz.bak"));
  WriteFile(fs::path(folder) / (other + ".jsonl.gz"));
  RemoveOtherTraces(folder, {kept});
  EXPECT_THAT(FilesIn(traces),
              UnorderedElementsAre(
                  kept + ".jsonl.gz", "notes.txt", "short.jsonl.gz",
                  std::string(64, 'g') + ".jsonl.gz", other + ".jsonl.gz.bak"));
  EXPECT_TRUE(fs::exists(fs::path(folder) / (other + ".jsonl.gz")));
}

TEST(TraceFileTest, ManyTracesAreAllRemoved) {
  const std::string folder = EmptyFolder();
  for (int i = 1000; i < 1500; ++i) {
    WriteFile(TraceFile(folder, std::string(60, '0') + std::to_string(i)));
  }
  const std::string kept = std::string(60, '0') + "1234";
  RemoveOtherTraces(folder, {kept});
  EXPECT_THAT(FilesIn(fs::path(folder) / "traces"),
              UnorderedElementsAre(kept + ".jsonl.gz"));
}

TEST(TraceFileTest, AFolderWithoutTracesIsLeftAlone) {
  const std::string folder = EmptyFolder();
  RemoveOtherTraces(folder, {});
  RemoveOtherTraces(folder + "/there is none", {});
  EXPECT_THAT(FilesIn(folder), testing::IsEmpty());
}

}  // namespace
}  // namespace cpgcert::reports
