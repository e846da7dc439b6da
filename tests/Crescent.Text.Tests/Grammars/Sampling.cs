using System.Numerics;
using System.Text;
using Crescent.Text.Grammars;

namespace Crescent.Text.Tests.Grammars;

/// <summary>Answers of a model without any preference: every allowed token is as likely as any other.</summary>
internal static class Sampling
{
    /// <summary>The text of one answer, which must end by a stop token within its tokens.</summary>
    /// <param name="strict">Whether it must be UTF-8; free text need not be.</param>
    public static string Answer(CompiledGrammar grammar, int stop, Random random, int maxTokens, bool strict = true)
    {
        var ids = Tokens(grammar, stop, random, maxTokens);
        var tokenizer = grammar.Vocabulary.Tokenizer;
        var bytes = tokenizer.Decode([.. ids], showSpecial: true, startOfText: false);
        return new UTF8Encoding(false, throwOnInvalidBytes: strict).GetString(bytes);
    }

    public static List<int> Tokens(CompiledGrammar grammar, int stop, Random random, int maxTokens, ulong[]? mask = null)
    {
        mask ??= new ulong[(grammar.Vocabulary.Size + 63) / 64];
        var constraint = grammar.CreateConstraint([stop], maxTokens);
        var ids = new List<int>();
        for (var left = maxTokens; left > 0; left--)
        {
            Assert.True(constraint.TokensNeeded <= left, $"needs {constraint.TokensNeeded} of {left}");
            Assert.True(constraint.TryFill(mask, left));
            var token = Pick(mask, random);
            Assert.True(token >= 0, $"no token with {left} left after {ids.Count}");
            constraint.Accept(token);
            if (token == stop)
            {
                return ids;
            }

            ids.Add(token);
        }

        Assert.Fail($"not complete after {maxTokens} tokens: {grammar.Vocabulary.Tokenizer.DecodeText([.. ids])}");
        return ids;
    }

    public static int Pick(ReadOnlySpan<ulong> mask, Random random)
    {
        var count = 0;
        foreach (var word in mask)
        {
            count += BitOperations.PopCount(word);
        }

        if (count == 0)
        {
            return -1;
        }

        var at = random.Next(count);
        for (var word = 0; ; word++)
        {
            var bits = BitOperations.PopCount(mask[word]);
            if (at >= bits)
            {
                at -= bits;
                continue;
            }

            var rest = mask[word];
            for (; at > 0; at--)
            {
                rest &= rest - 1;
            }

            return (word * 64) + BitOperations.TrailingZeroCount(rest);
        }
    }
}
