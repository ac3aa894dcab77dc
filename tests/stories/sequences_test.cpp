// Sequences: recurrent networks made, trained and used from the command line.
#include <gtest/gtest.h>

#include <fstream>

#include "command_line_test.h"

#include "evenflow/json.h"

namespace evenflow {
namespace {

class Sequences : public CommandLine {
 protected:
  double test_loss(const std::string& arguments) const {
    const Result result = run("evaluate " + arguments + " --json");
    EXPECT_EQ(result.code, 0) << result.out;
    return Json::parse(result.out)["data"]["loss"].get<double>();
  }
  void write(const char* name, const std::string& text) const { std::ofstream(path(name)) << text; }
};

TEST_F(Sequences, RecurrentNetworksAreMadeInKerasWords) {
  ASSERT_EQ(run("new a.keras --input 30x2 --recurrent lstm --hidden 8x2 --output 1").code, 0);
  const Result info = run("info a.keras");
  EXPECT_TRUE(contains(info.out, "lstm_1")) << info.out;
  EXPECT_TRUE(contains(info.out, "(None, 30, 8)")) << "the first layer gives every step: " << info.out;
  EXPECT_EQ(run("new b.keras --input 30x2 --recurrent SimpleRNN --hidden 8 --activation relu --recurrent-initializer "
                "identity --return-sequences --output 3")
                .code,
            0);
  EXPECT_TRUE(contains(run("info b.keras").out, "(None, 30, 3)"));
  EXPECT_EQ(run("new c.keras --input 30x2 --recurrent lstm 2>&1").code, 2);
  EXPECT_TRUE(contains(run("new c.keras --input 30x2 --recurrent rnn --hidden 8 2>&1").out, "SimpleRNN"));
  EXPECT_TRUE(contains(run("new c.keras --input 30 --recurrent gru --hidden 8 2>&1").out, "time steps"));
}

TEST_F(Sequences, AnLstmAddsTwoNumbersThatStandFarApart) {
  ASSERT_EQ(run("new lstm.keras --input 12x2 --recurrent lstm --hidden 16 --output 1 --optimizer adam "
                "--learning-rate 0.02 --global-clipnorm 1")
                .code,
            0);
  const double before = test_loss("lstm.keras --data adding:T=12,samples=500,seed=1");
  const Result train = run("train lstm.keras -q --data adding:T=12,samples=3000 --epochs 6 -o out.keras 2>&1");
  ASSERT_EQ(train.code, 0) << train.out;
  EXPECT_GT(before, 0.15);
  EXPECT_LT(test_loss("out.keras --data adding:T=12,samples=500,seed=1"), 0.03);
}

TEST_F(Sequences, CopyingStartsAtBlanks) {
  ASSERT_EQ(run("new gru.keras --input 25x10 --recurrent gru --hidden 16 --return-sequences --output 10 "
                "--output-activation softmax --loss sparse_categorical_crossentropy --optimizer adam "
                "--learning-rate 0.02")
                .code,
            0);
  const Result train = run("train gru.keras -q --data copy:T=5,samples=1000 --epochs 4 -o out.keras 2>&1");
  ASSERT_EQ(train.code, 0) << train.out;
  // 20.79 / 25: who says blank for 15 steps and guesses for 10.
  EXPECT_LT(test_loss("out.keras --data copy:T=5,samples=200,seed=1"), 1.05 * 20.79 / 25);
}

TEST_F(Sequences, ForecastsASine) {
  ASSERT_EQ(run("new gru.keras --input 20x1 --recurrent gru --hidden 8 --output 1 --learning-rate 0.02 "
                "--optimizer adam")
                .code,
            0);
  ASSERT_EQ(run("train gru.keras -q --data sine:window=20 --epochs 8 -o out.keras").code, 0);
  EXPECT_LT(test_loss("out.keras --data sine:window=20,seed=1"), 0.01);
}

TEST_F(Sequences, WordsOfATableAreClassifiedAndTheVocabularyIsKept) {
  std::string table = "review,label\n";
  for (int i = 0; i < 100; ++i) {
    table += i % 2 == 0 ? "a really good film number " : "Number ";
    table += std::to_string(i) + (i % 2 == 0 ? ",yes\n" : ": bad,no\n");
  }
  write("train.csv", table);
  write("more.csv", "review\na really GOOD thing\n\"number 1, bad\"\n");
  ASSERT_EQ(run("new words.keras --input 8 --embedding 50x4 --recurrent lstm --hidden 8 --output 1 "
                "--output-activation sigmoid --loss binary_crossentropy --optimizer adam --learning-rate 0.05")
                .code,
            0);
  const std::string data = "train.csv:text=review,max_tokens=50,save_vocabulary=words.txt";
  const Result train = run("train words.keras --data " + data + " --epochs 8 -o out.keras 2>&1");
  ASSERT_EQ(train.code, 0) << train.out;
  EXPECT_TRUE(contains(train.out, "sequences filled up with 0 from 6 to 8 steps")) << train.out;
  const Result predict = run("predict out.keras -q --classes --data more.csv:text=review,vocabulary=words.txt");
  EXPECT_EQ(predict.out, "output_0\n1\n0\n");
  const Result small = run("train words.keras --data train.csv:text=review 2>&1");
  EXPECT_TRUE(contains(small.out, "input_dim is 50")) << small.out;
}

}  // namespace
}  // namespace evenflow
