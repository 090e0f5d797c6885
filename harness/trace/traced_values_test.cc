#include "harness/trace/traced_values.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "harness/message.h"

namespace cpgcert::harness::trace {
namespace {

constexpr size_t kLargeSize = size_t{3} << 20;

// As it stands in the file of a trace, and is read from it.
Json Written(const Json& value) {
  return Json::parse(value.dump(-1, ' ', false, Json::error_handler_t::strict));
}

std::string RandomBytes(size_t size) {
  std::mt19937_64 random(size);
  std::string bytes(size, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random());
  }
  return bytes;
}

Json ValueOf(const std::string& message) {
  return Written(MessageValue(message.data(), message.size()));
}

std::string ThereAndBack(const std::string& message) {
  return Message(ValueOf(message));
}

cpg_name MakeName(const std::string& value, uint32_t length) {
  cpg_name name{};
  std::memcpy(name.value, value.data(), value.size());
  name.length = length;
  return name;
}

void ExpectComesBack(const cpg_name& name) {
  const Json value = Written(NameValue(&name));
  const cpg_name back = Name(value);
  EXPECT_EQ(std::memcmp(&back, &name, sizeof(name)), 0) << value;
}

// The last bytes before memory that may not be touched.
class BeforeTheGuard {
 public:
  BeforeTheGuard() {
    void* memory = mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    guard_ = static_cast<char*>(memory) + page_;
    mprotect(guard_, page_, PROT_NONE);
  }
  ~BeforeTheGuard() { munmap(guard_ - page_, 2 * page_); }
  BeforeTheGuard(const BeforeTheGuard&) = delete;
  BeforeTheGuard& operator=(const BeforeTheGuard&) = delete;

  char* Last(size_t bytes) const { return guard_ - bytes; }

 private:
  const size_t page_ = sysconf(_SC_PAGESIZE);
  char* guard_ = nullptr;
};

TEST(TracedValuesTest, ANumberInHexadecimalComesBack) {
  for (const uint64_t number : {uint64_t{0}, uint64_t{0x1a}, uint64_t{1} << 63,
                                std::numeric_limits<uint64_t>::max()}) {
    EXPECT_EQ(FromHex(Written(ToHex(number))), number);
  }
  EXPECT_EQ(ToHex(0x1a), "0x1a");
  for (const char* wrong : {"", "0", "0x", "0xg"}) {
    EXPECT_EQ(FromHex(Json(wrong)), 0) << wrong;
  }
}

TEST(TracedValuesTest, NamesComeBackToTheLastByte) {
  ExpectComesBack(MakeName("", 0));
  ExpectComesBack(MakeName("group", 5));
  ExpectComesBack(MakeName(std::string(128, 'x'), 128));
  ExpectComesBack(MakeName(std::string("a\0b", 3), 3));
  ExpectComesBack(MakeName(std::string("\0\0", 2), 2));
  ExpectComesBack(MakeName("ab", 5));
  ExpectComesBack(MakeName("group and garbage behind it", 5));
  ExpectComesBack(MakeName(std::string("group\0garbage", 13), 5));
  ExpectComesBack(MakeName(RandomBytes(128), 128));
  ExpectComesBack(MakeName(RandomBytes(128), 7));
  ExpectComesBack(MakeName("group", 129));
  ExpectComesBack(MakeName("group", std::numeric_limits<uint32_t>::max()));
}

TEST(TracedValuesTest, AnOrdinaryNameIsAText) {
  const cpg_name name = MakeName("group", 5);
  EXPECT_EQ(NameValue(&name), "group");
  const cpg_name garbage = MakeName("groups", 5);
  EXPECT_EQ(NameValue(&garbage).dump(), R"({"length":5,"value":"groups"})");
}

TEST(TracedValuesTest, ANameThatIsTooLongInATraceWritesNowhereElse) {
  const cpg_name name = Name(Json(std::string(500, 'x')));
  EXPECT_EQ(std::string(name.value, sizeof(name.value)), std::string(128, 'x'));
}

TEST(TracedValuesTest, AddressesComeBack) {
  const std::vector<cpg_address> list = {
      {1, 2, CPG_REASON_JOIN}, {0, UINT32_MAX, 77}, {UINT32_MAX, 0, 0}};
  const Json value = Written(AddressesValue(list.data(), list.size()));
  EXPECT_EQ(value.dump(), "[[1,2,1],[0,4294967295,77],[4294967295,0,0]]");
  const std::vector<cpg_address> back = Addresses(value);
  ASSERT_EQ(back.size(), list.size());
  EXPECT_EQ(
      std::memcmp(back.data(), list.data(), list.size() * sizeof(cpg_address)),
      0);
  EXPECT_EQ(AddressesValue(nullptr, 0), Json::array());
  EXPECT_EQ(AddressesValue(list.data(), kAddressesMax + 1), Json());
  EXPECT_TRUE(Addresses(nullptr).empty());
}

TEST(TracedValuesTest, MessagesOfOursAreNamedAndComeBack) {
  for (const size_t size :
       {size_t{100}, size_t{4096}, size_t{4097}, size_t{100'000}, kLargeSize}) {
    const std::string message = MakeMessage("m1", size);
    const Json value = ValueOf(message);
    EXPECT_EQ(value, (Json{{"name", "m1"}, {"size", size}}));
    EXPECT_TRUE(Message(value) == message) << size;
  }
}

TEST(TracedValuesTest, MessagesTooShortForAPatternComeBack) {
  for (const size_t size : {0, 1, 4, 5, 6, 7, 8, 9, 10}) {
    const std::string message = MakeMessage("m1", size);
    EXPECT_EQ(ThereAndBack(message), message) << size;
  }
}

TEST(TracedValuesTest, MessagesOfOthersComeBack) {
  for (const std::string& message :
       {std::string(), std::string("text"), std::string(1, '\0'),
        std::string("\xff\xfe"), std::string("\"quoted\"\\ \x7f"),
        std::string("/0/"), std::string("m1/100/"),
        std::string("m1 cut to 1 of 9 bytes/1/"), RandomBytes(1),
        RandomBytes(4095), RandomBytes(4096), RandomBytes(100'000)}) {
    EXPECT_TRUE(ThereAndBack(message) == message) << message.substr(0, 100);
  }
}

TEST(TracedValuesTest, AMessageThatWasAlteredComesBackAltered) {
  std::string message = MakeMessage("altered", kLargeSize);
  EXPECT_TRUE(ThereAndBack(message) == message);
  message[10] ^= 1;
  message[kLargeSize - 3] ^= 1;
  const Json value = ValueOf(message);
  EXPECT_TRUE(value.contains("hex"));
  EXPECT_LT(value.dump().size(), 1000);
  EXPECT_TRUE(Message(value) == message);
  message[kLargeSize / 2 + 100] ^= 1;  // no piece is more than half
  EXPECT_TRUE(ThereAndBack(message) == message);
}

TEST(TracedValuesTest, APieceOfALargeMessageSaysWhichPieceItIs) {
  const std::string large = MakeMessage("whole", kLargeSize);
  (void)ValueOf(large);  // named from here on
  const std::string piece = large.substr(1'000'000, 500'000);
  Json value = ValueOf(piece);
  EXPECT_EQ(value.dump(),
            R"({"hex":"","name":"whole","size":3145728,"from":1000000,)"
            R"("length":500000,"rest":""})");
  EXPECT_TRUE(Message(value) == piece);
  const std::string framed =
      std::string("\x01\x02", 2) + piece + std::string(3, '\0');
  value = Written(BytesValue(framed));
  EXPECT_EQ(value.at("rest"), "000000");
  EXPECT_TRUE(Bytes(value) == framed);
}

TEST(TracedValuesTest, APieceOfAMessageThatWasNotNamedIsBytes) {
  const std::string piece =
      MakeMessage("never named", kLargeSize).substr(1000, 5000);
  const Json value = ValueOf(piece);
  EXPECT_FALSE(value.contains("from"));
  EXPECT_TRUE(Message(value) == piece);
}

TEST(TracedValuesTest, AWrongPieceInATraceIsNoCrash) {
  const Json right = {{"hex", ""},  {"name", "m"},  {"size", 5000},
                      {"from", 10}, {"length", 20}, {"rest", ""}};
  EXPECT_EQ(Bytes(right).size(), 20);
  for (const char* key : {"size", "from", "length"}) {
    for (const Json& number :
         {Json(-1), Json(std::numeric_limits<int64_t>::max()),
          Json(std::numeric_limits<uint64_t>::max())}) {
      Json wrong = right;
      wrong[key] = number;
      EXPECT_LE(Bytes(wrong).size(), size_t{8} << 20) << wrong;
    }
  }
  EXPECT_EQ(Bytes({{"hex", "4"}}), "");
  EXPECT_EQ(Bytes({{"hex", "xy41"}}).back(), 'A');
  EXPECT_THROW(Bytes(nullptr), Json::exception);
  EXPECT_THROW(Bytes({{"hex", 7}}), Json::exception);
  EXPECT_THROW(Message({{"name", "m"}}), Json::exception);
}

TEST(TracedValuesTest, WhatACallIsGivenIsTheSumOfItsParts) {
  std::string message = MakeMessage("parts", 1000);
  const std::vector<iovec> parts = {
      {message.data(), 300}, {nullptr, 0}, {message.data() + 300, 700}};
  EXPECT_EQ(GivenMessageValue(parts.data(), 3),
            (Json{{"name", "parts"}, {"size", 1000}}));
  EXPECT_EQ(GivenMessageValue(parts.data(), 0), "");
  EXPECT_EQ(GivenMessageValue(nullptr, 1), Json());
}

TEST(TracedValuesTest, ManyGivenBytesAreOnlyToldFromOthers) {
  std::string bytes = RandomBytes(5000);
  const iovec part{bytes.data(), bytes.size()};
  const Json one = GivenMessageValue(&part, 1);
  EXPECT_EQ(one.at("size"), 5000);
  EXPECT_EQ(GivenMessageValue(&part, 1), one);
  bytes[4999] ^= 1;
  EXPECT_NE(GivenMessageValue(&part, 1), one);
}

TEST(TracedValuesTest, GivenBytesBeyondAnyMessageAreOnlyCounted) {
  char byte = 'x';
  const std::vector<iovec> parts = {{&byte, size_t{1} << 40}};
  EXPECT_EQ(GivenMessageValue(parts.data(), 1),
            (Json{{"size", size_t{1} << 40}}));
  EXPECT_EQ(GivenMessageValue(parts.data(), 70000), Json());
}

TEST(TracedValuesTest, ABadPointerCostsTheValue) {
  const BeforeTheGuard memory;
  char* const guard = memory.Last(0);
  char byte = 0;
  EXPECT_FALSE(ReadMemory(guard, &byte, 1));
  EXPECT_FALSE(ReadMemory(nullptr, &byte, 1));
  EXPECT_EQ(MessageValue(guard, 1), Json());
  EXPECT_EQ(MessageValue(memory.Last(10), 11), Json());
  EXPECT_EQ(MessageValue(memory.Last(10), std::numeric_limits<size_t>::max()),
            Json());
  EXPECT_EQ(MessageValue(nullptr, 1), Json());
  const auto* const name = reinterpret_cast<const cpg_name*>(guard);
  EXPECT_EQ(NameValue(name), Json());
  EXPECT_EQ(NameValue(nullptr), Json());
  EXPECT_EQ(AddressesValue(reinterpret_cast<const cpg_address*>(guard), 1),
            Json());
  EXPECT_EQ(NumberValue(reinterpret_cast<const int*>(memory.Last(2))), Json());
  EXPECT_EQ(NumberValue<int>(nullptr), Json());
  const iovec part{memory.Last(10), 11};
  EXPECT_EQ(GivenMessageValue(&part, 1), Json());
  EXPECT_EQ(GivenMessageValue(reinterpret_cast<const iovec*>(guard), 1),
            Json());
}

TEST(TracedValuesTest, WhatEndsAtTheGuardIsReadWhole) {
  const BeforeTheGuard memory;
  const cpg_name name = MakeName("group", 5);
  auto* const last = reinterpret_cast<cpg_name*>(memory.Last(sizeof(name)));
  std::memcpy(last, &name, sizeof(name));
  EXPECT_EQ(NameValue(last), "group");
  std::memcpy(memory.Last(4), "text", 4);
  EXPECT_EQ(MessageValue(memory.Last(4), 4), "text");
}

TEST(TracedValuesTest, NumbersComeBackAndNullLeavesThemAlone) {
  const uint32_t large = std::numeric_limits<uint32_t>::max();
  uint32_t number = 7;
  SetNumber(Written(NumberValue(&large)), &number);
  EXPECT_EQ(number, large);
  const int negative = -5;
  int back = 0;
  SetNumber(Written(NumberValue(&negative)), &back);
  EXPECT_EQ(back, -5);
  SetNumber(nullptr, &back);
  EXPECT_EQ(back, -5);
  SetNumber<int>(Json(1), nullptr);
}

}  // namespace
}  // namespace cpgcert::harness::trace
