// For stories: the real program in a folder of its own.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

namespace evenflow {

struct Result {
  int code;
  std::string out;  // standard output, or both with "2>&1"
};

class CommandLine : public testing::Test {
 protected:
  void SetUp() override {
    const testing::TestInfo* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("evenflow_" + std::string(info->name()) + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  Result run(const std::string& arguments) const {
    const std::string command = "cd " + folder_.string() + " && " EVENFLOW_PROGRAM " " + arguments;
    Result result{0, {}};
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 4096> buffer;
    for (std::size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) result.out.append(buffer.data(), n);
    const int status = pclose(pipe);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
  }

  void make_deep_sigmoid() const {
    ASSERT_EQ(
        run("new deep.keras --input 64 --hidden 128x29 --activation sigmoid --initializer glorot_uniform --output 10 "
            "--output-activation softmax --loss categorical_crossentropy --optimizer sgd --learning-rate 0.01 "
            "--clipnorm 1.0 --seed 1")
            .code,
        0);
  }

  std::filesystem::path folder_;
};

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace evenflow
