namespace Crescent.Text.Tokenizers;

/// <summary>The steps of a <c>tokenizer.json</c>'s normalizer or pre_tokenizer, sequences opened: their kinds, patterns and switches.</summary>
internal sealed class JsonSteps
{
    public HashSet<string> Kinds { get; } = new(StringComparer.Ordinal);

    /// <summary>Of the Split steps, in order.</summary>
    public List<string> Patterns { get; } = [];

    /// <summary>Whether a space is put before the text, SentencePiece's way.</summary>
    public bool Prefix { get; private set; }

    /// <summary>Whether ByteLevel puts a space before the text.</summary>
    public bool ByteLevelPrefix { get; private set; }

    /// <summary>Whether ByteLevel splits by GPT-2's pattern.</summary>
    public bool ByteLevelSplits { get; private set; }

    /// <param name="children">The name of a sequence's list.</param>
    public static JsonSteps Read(JsonNodeReader? step, string children)
    {
        var steps = new JsonSteps();
        steps.Walk(step, children);
        return steps;
    }

    private void Walk(JsonNodeReader? step, string children)
    {
        if (step is null)
        {
            return;
        }

        var kind = step.Require("type").Text();
        Kinds.Add(kind);
        switch (kind)
        {
            case "Sequence":
                foreach (var child in step.Require(children).Items())
                {
                    Walk(child, children);
                }

                break;
            case "Split":
                var pattern = step.Require("pattern");
                Patterns.Add((pattern.Get("Regex") ?? pattern.Require("String")).Text());
                break;
            case "ByteLevel":
                ByteLevelPrefix |= step.Get("add_prefix_space")?.Flag() ?? false;
                ByteLevelSplits |= step.Get("use_regex")?.Flag() ?? true;
                break;
            case "Prepend":
                Prefix = true;
                break;
            case "Metaspace":
                Prefix |= (step.Get("prepend_scheme")?.Text() ?? "always") != "never" && (step.Get("add_prefix_space")?.Flag() ?? true);
                break;
        }
    }
}
