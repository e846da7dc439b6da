using Crescent.Text.Tokenizers;

namespace Crescent.Cli;

/// <summary>A prompt without a template: the start token where the tokenizer asks for one, then the text.</summary>
internal static class RawPrompt
{
    public static List<int> Encode(Tokenizer tokenizer, ReadOnlySpan<byte> text)
    {
        var ids = new List<int>();
        if (tokenizer.AddBos)
        {
            ids.Add(tokenizer.BosId!.Value);
        }

        tokenizer.Encode(text, ids);
        if (ids.Count == 0)
        {
            // Nothing to go on: the model's start token, else its end-of-text token, begins a text from nowhere.
            ids.Add(tokenizer.BosId ?? tokenizer.EosId ?? throw new CommandFailedException("the prompt is empty, and the model has no start token to generate from"));
        }

        return ids;
    }
}
