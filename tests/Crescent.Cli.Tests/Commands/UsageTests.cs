using System.Runtime.Intrinsics.X86;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>What is wrong on the command line itself: exit code 2, and one line that names the option, what it expects and what was found.</summary>
public sealed class UsageTests
{
    public static TheoryData<string, string> BadValues => new()
    {
        { "--temp -1", "--temp: expected 0..100, found -1" },
        { "--temp nan", "--temp: expected 0..100, found NaN" },
        { "--temperature 101", "--temp: expected 0..100, found 101" },
        { "--top-k -1", "--top-k: expected 0..2147483647, found -1" },
        { "--top-p 1.5", "--top-p: expected 0..1, found 1.5" },
        { "--min-p 2", "--min-p: expected 0..1, found 2" },
        { "--typical -0.1", "--typical: expected 0..1, found -0.1" },
        { "--repeat-penalty 0", "--repeat-penalty: expected 0.01..100, found 0" },
        { "--presence-penalty 101", "--presence-penalty: expected -100..100, found 101" },
        { "--frequency-penalty -101", "--frequency-penalty: expected -100..100, found -101" },
        { "--repeat-last-n -2", "--repeat-last-n: expected -1..2147483647, found -2" },
        { "--dry-multiplier -1", "--dry-multiplier: expected 0..100, found -1" },
        { "--dry-base 0.5", "--dry-base: expected 1..100, found 0.5" },
        { "--dry-allowed-length 0", "--dry-allowed-length: expected 1..2147483647, found 0" },
        { "--dry-penalty-last-n -2", "--dry-penalty-last-n: expected -1..2147483647, found -2" },
        { "--xtc-probability 2", "--xtc-probability: expected 0..1, found 2" },
        { "--xtc-threshold -1", "--xtc-threshold: expected 0..1, found -1" },
        { "--logit-bias 5", "--logit-bias: expected ID=BIAS, found '5'" },
        { "--logit-bias =5", "--logit-bias: expected ID=BIAS, found '=5'" },
        { "--logit-bias 5=x", "--logit-bias: expected ID=BIAS, found '5=x'" },
        { "--logit-bias 5=nan", "--logit-bias: expected token ids from 0 with a finite bias" },
        { "--logit-bias 512=1", "--logit-bias: expected token ids below the vocabulary of 512, found 512" },
        { "--temp abc", "--temp: expected a number, found 'abc'" },
        { "--temp 0,5", "--temp: expected a number, found '0,5'" },
        { "--top-k 1.5", "--top-k: expected a whole number, found '1.5'" },
        { "--seed -1", "--seed: expected a whole number, found '-1'" },
        { "--seed 99999999999999999999", "--seed: expected a whole number, found '99999999999999999999'" },
        { "-n -1", "--tokens: expected at least 0, found -1" },
        { "-n x", "--tokens: expected a whole number, found 'x'" },
        { "-n 99999999999", "--tokens: expected a whole number, found '99999999999'" },
        { "-c 0", "--context: expected 1..2000000000, found 0" },
        { "-c -5", "--context: expected 1..2000000000, found -5" },
        { "-c 2147483647", "--context: expected 1..2000000000, found 2147483647" },
        { "-t 0", "--threads: expected 1..1024, found 0" },
        { "-t 1025", "--threads: expected 1..1024, found 1025" },
        { "--kv-type f64", "--kv-type: expected one of f16, bf16, f32, q8_0, found 'f64'" },
        { "--isa sse", "--isa: expected one of auto, avx512vnni, avx512, avx2, portable, found 'sse'" },
        { "--activations int4", "--activations: expected one of auto, f32, found 'int4'" },
        { "--mla x", "--mla: expected one of auto, absorbed, expanded, found 'x'" },
        { "--template x", "--template: expected one of kimi-k2" },
        { "--override-kv x", "override 'x': expected KEY=TYPE:VALUE" },
        { "--override-kv a=int:b", "override 'a=int:b': expected a value of type int, found 'b'" },
        { "--override-kv a=real:1", "override 'a=real:1': expected a type int, float, bool or str, found 'real'" },
        { "--bogus", "'--bogus'" },
        { "extra", "'extra'" },
    };

    [Theory]
    [MemberData(nameof(BadValues))]
    public void Bad_values_are_named_in_one_line(string options, string expected) =>
        InProcess.Run(["run", Models.Stories, "--raw", "-p", "Once", .. options.Split(' ')]).Failed(2, expected);

    [Theory]
    [InlineData("chat")]
    [InlineData("run -p x")]
    [InlineData("inspect")]
    [InlineData("bench")]
    [InlineData("tokenize --text x")]
    [InlineData("detokenize --tokens 1")]
    [InlineData("logits --tokens 1 --out x")]
    public void Without_a_model_a_command_says_how_to_name_one(string command)
    {
        InProcess.Run(command.Split(' ')).Failed(2, "no model given", "crescent synth");
        var words = command.Split(' ');
        InProcess.Run([words[0], "", .. words[1..]]).Failed(2, "no model given");
    }

    [Theory]
    [InlineData("bogus", "'bogus'")]
    [InlineData("", "expected a command")]
    [InlineData("run --bogus MODEL -p x", "unknown option '--bogus'")]
    [InlineData("inspect -p x", "unknown option '-p x'")]
    [InlineData("run MODEL -p", "'-p'")]
    [InlineData("run MODEL -p x -p y", "-p")]
    [InlineData("synth tiny-kimi-k2", "'synth'")]
    [InlineData("logits MODEL --tokens 1", "--out")]
    public void Misuse_is_told_in_one_line(string command, string expected) =>
        InProcess.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word => word == "MODEL" ? Models.Stories : word)]).Failed(2, expected);

    [Theory]
    [InlineData("--help")]
    [InlineData("run --help")]
    [InlineData("chat -h")]
    [InlineData("logits --help")]
    [InlineData("tokenize --help")]
    [InlineData("detokenize --help")]
    [InlineData("inspect --help")]
    [InlineData("bench --help")]
    [InlineData("synth --help")]
    public void Help_goes_to_standard_output(string command)
    {
        var result = InProcess.Run(command.Split(' ')).Succeeded();
        Assert.Equal("", result.Error);
        Assert.Contains("Usage:", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("`1", result.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_lists_every_command()
    {
        var help = InProcess.Run("--help").Out;
        Assert.All(
            ["run", "chat", "logits", "tokenize", "detokenize", "inspect", "bench", "synth"],
            command => Assert.Contains($"\n  {command} ", help.ReplaceLineEndings("\n"), StringComparison.Ordinal));
    }

    [Fact]
    public void The_version_is_a_version() => Assert.Matches(@"^\d+\.\d+\.\d+", InProcess.Run("--version").Succeeded().Out);

    [Fact]
    public void A_level_that_the_processor_lacks_is_refused()
    {
        Assert.SkipWhen(Avx512BW.IsSupported, "this processor has AVX-512");
        InProcess.Run("run", Models.Stories, "-p", "a", "--isa", "avx512").Failed(1, "--isa avx512", "the best here is");
    }

    [Fact]
    public void A_cache_type_that_does_not_fit_the_model_is_refused() =>
        InProcess.Run("run", Models.Stories, "-p", "a", "--kv-type", "q8_0").Failed(1, "q8_0", "multiple of 32", "has 8", "use f16, bf16 or f32");

    [Fact]
    public void An_override_replaces_a_metadata_value()
    {
        var json = InProcess.Run("inspect", Models.Stories, "--override-kv", "llama.context_length=int:64", "--json").Json;
        Assert.Equal(64, json.GetProperty("shape").GetProperty("contextLength").GetInt32());
    }

    [Fact]
    public void An_override_that_does_not_fit_the_model_is_refused()
    {
        InProcess.Run("run", Models.Stories, "-p", "a", "--override-kv", "llama.block_count=int:99").Failed(1, "expected a tensor 'blk.5.", Models.Stories);
        InProcess.Run("run", Models.Stories, "-p", "a", "--override-kv", "llama.rope.freq_base=str:x").Failed(1, "llama.rope.freq_base", "an override or configuration", "expected a number");
    }

    [Fact]
    public void Verbose_adds_the_stack_and_nothing_else_does()
    {
        Assert.DoesNotContain("   at ", InProcess.Run("inspect", "/nonexistent.gguf").Error, StringComparison.Ordinal);
        Assert.Contains("   at ", InProcess.Run("inspect", "/nonexistent.gguf", "--verbose").Error, StringComparison.Ordinal);
    }
}
