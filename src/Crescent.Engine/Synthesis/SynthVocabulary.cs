using Crescent.Engine.Checkpoints.Gguf;

namespace Crescent.Engine.Synthesis;

/// <summary>
/// A generated vocabulary of a family's true size and layout: its real control tokens at their real places, made-up words elsewhere. Every made-up
/// word of a byte-level vocabulary is the merge of two earlier tokens.
/// </summary>
internal sealed class SynthVocabulary
{
    // Token types of tokenizer.ggml.token_type, SentencePiece's own.
    public const int Normal = 1;
    public const int Unknown = 2;
    public const int Control = 3;
    public const int UserDefined = 4;
    public const int Unused = 5;
    public const int Byte = 6;

    private readonly List<string> _tokens = [];
    private readonly List<int> _types = [];
    private readonly List<string> _merges = [];
    private readonly List<(string Key, uint Value)> _ids = [];
    private readonly List<(string Key, bool Value)> _flags = [];
    private readonly string _model;
    private readonly string _pre;

    private SynthVocabulary(string model, string pre) => (_model, _pre) = (model, pre);

    public int Count => _tokens.Count;

    public IReadOnlyList<string> Tokens => _tokens;

    public IReadOnlyList<string> Merges => _merges;

    /// <summary>A type for each token.</summary>
    public IReadOnlyList<int> Types => _types;

    /// <summary>The name under which GGUF has the way of splitting text.</summary>
    public string Pre => _pre;

    /// <summary>Scores of SentencePiece's pieces: the earlier a word, the higher.</summary>
    public float[] Scores()
    {
        var first = _types.IndexOf(Normal);
        return [.. _types.Select((_, id) => id < first ? 0f : first - id)];
    }

    /// <summary>The id of a role (bos, eos, eot, padding, unknown), or null.</summary>
    public int? IdOf(string role) => _ids.Where(id => id.Key == IdKey(role)).Select(id => (int?)id.Value).FirstOrDefault();

    /// <summary>Whether a text begins with the first token.</summary>
    public bool AddsBos => _flags.Contains((FlagKey("add_bos_token"), true));

    /// <summary>Kimi: ranks, then 256 special ids (163584 … in the real one).</summary>
    public static SynthVocabulary Kimi(int ranks)
    {
        var names = new Dictionary<int, string>
        {
            [0] = "[BOS]",
            [1] = "[EOS]",
            [2] = "<|im_end|>",
            [3] = "<|im_user|>",
            [4] = "<|im_assistant|>",
            [6] = "<|start_header_id|>",
            [7] = "<|end_header_id|>",
            [9] = "[EOT]",
            [10] = "<|im_system|>",
            [11] = "<|tool_calls_section_begin|>",
            [12] = "<|tool_calls_section_end|>",
            [13] = "<|tool_call_begin|>",
            [14] = "<|tool_call_argument_begin|>",
            [15] = "<|tool_call_end|>",
            [17] = "<|im_middle|>",
            [254] = "[UNK]",
            [255] = "[PAD]",
        };
        var vocabulary = new SynthVocabulary("gpt2", "kimi-k2");
        vocabulary.AddByteLevel(ranks);
        for (var k = 0; k < 256; k++)
        {
            vocabulary.Add(names.GetValueOrDefault(k, $"<|reserved_token_{ranks + k}|>"), Control);
        }

        return vocabulary.Ids("[BOS]", "<|im_end|>", "[EOT]", "[PAD]").Flag("add_bos_token", false);
    }

    /// <summary>DeepSeek-V3: three control tokens, words up to id 128000, placeholders, the named tokens from 128798, padding.</summary>
    public static SynthVocabulary DeepSeekV3(int words, int placeholders, int total)
    {
        var vocabulary = new SynthVocabulary("gpt2", "deepseek-v3");
        vocabulary.Add("<｜begin▁of▁sentence｜>", Control);
        vocabulary.Add("<｜end▁of▁sentence｜>", Control);
        vocabulary.Add("<｜▁pad▁｜>", Control);
        vocabulary.AddByteLevel(words - 3);
        for (var k = 0; k < placeholders; k++)
        {
            vocabulary.Add($"<｜place▁holder▁no▁{k}｜>", Control);
        }

        string[] plain = ["<think>", "</think>", "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜User｜>", "<｜Assistant｜>", "<|EOT|>"];
        string[] tools =
        [
            "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁outputs▁begin｜>",
            "<｜tool▁outputs▁end｜>", "<｜tool▁output▁begin｜>", "<｜tool▁output▁end｜>", "<｜tool▁sep｜>",
        ];
        foreach (var name in plain.Concat(tools))
        {
            vocabulary.Add(name, name is "<think>" or "</think>" ? UserDefined : Control);
        }

        vocabulary.Pad(total);
        return vocabulary.Ids("<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", null, "<｜▁pad▁｜>").Flag("add_bos_token", true).Flag("add_eos_token", false);
    }

    /// <summary>Llama-3: ranks, then 256 special ids (128000 … in the real one).</summary>
    public static SynthVocabulary Llama3(int ranks)
    {
        var names = new Dictionary<int, string>
        {
            [0] = "<|begin_of_text|>",
            [1] = "<|end_of_text|>",
            [4] = "<|finetune_right_pad_id|>",
            [6] = "<|start_header_id|>",
            [7] = "<|end_header_id|>",
            [8] = "<|eom_id|>",
            [9] = "<|eot_id|>",
            [10] = "<|python_tag|>",
        };
        var vocabulary = new SynthVocabulary("gpt2", "llama-bpe");
        vocabulary.AddByteLevel(ranks);
        var reserved = 0;
        for (var k = 0; k < 256; k++)
        {
            vocabulary.Add(names.TryGetValue(k, out var name) ? name : $"<|reserved_special_token_{reserved++}|>", Control);
        }

        return vocabulary.Ids("<|begin_of_text|>", "<|eot_id|>", "<|eot_id|>", "<|finetune_right_pad_id|>").Flag("add_bos_token", true);
    }

    /// <summary>gpt-oss (o200k_harmony): ranks, then special ids (199998 … in the real one), most of them reserved.</summary>
    public static SynthVocabulary GptOss(int ranks, int total)
    {
        var names = new Dictionary<int, string>
        {
            [0] = "<|startoftext|>",
            [1] = "<|endoftext|>",
            [4] = "<|return|>",
            [5] = "<|constrain|>",
            [7] = "<|channel|>",
            [8] = "<|start|>",
            [9] = "<|end|>",
            [10] = "<|message|>",
            [14] = "<|call|>",
            [20] = "<|endofprompt|>",
        };
        var vocabulary = new SynthVocabulary("gpt2", "gpt-4o");
        vocabulary.AddByteLevel(ranks);
        for (var k = 0; k < total - ranks; k++)
        {
            vocabulary.Add(names.GetValueOrDefault(k, $"<|reserved_{ranks + k}|>"), Control);
        }

        return vocabulary.Ids("<|startoftext|>", "<|return|>", null, "<|endoftext|>").Flag("add_bos_token", false);
    }

    /// <summary>Qwen2 and 3: ranks, 26 named tokens (151643 … in the real one), padding.</summary>
    public static SynthVocabulary Qwen(int ranks, int total)
    {
        string[] control =
        [
            "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>", "<|quad_start|>",
            "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
        ];
        string[] text =
        [
            "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>",
            "<tool_response>", "</tool_response>", "<think>", "</think>",
        ];
        var vocabulary = new SynthVocabulary("gpt2", "qwen2");
        vocabulary.AddByteLevel(ranks);
        Array.ForEach(control, name => vocabulary.Add(name, Control));
        Array.ForEach(text, name => vocabulary.Add(name, name.Contains('|', StringComparison.Ordinal) ? Control : UserDefined));
        vocabulary.Pad(total);
        return vocabulary.Ids("<|endoftext|>", "<|im_end|>", null, "<|endoftext|>").Flag("add_bos_token", false);
    }

    /// <summary>Grok-1: SentencePiece BPE with control, user-defined and byte pieces at the real ids, then words with scores −0, −1, ….</summary>
    public static SynthVocabulary Grok(int total)
    {
        var vocabulary = new SynthVocabulary("llama", "default");
        vocabulary.Add("[PAD]", Control);
        vocabulary.Add("[BOS]", Control);
        vocabulary.Add("[EOS]", Control);
        vocabulary.Add("[UNK]", Unknown);
        vocabulary.AddRepeats('\n', 1, 10);
        for (var digit = '0'; digit <= '9'; digit++)
        {
            vocabulary.Add(digit.ToString(), UserDefined);
        }

        vocabulary.AddRepeats('\t', 1, 8);
        vocabulary.AddRepeats(' ', 2, 16);
        vocabulary.Add("<|separator|>", UserDefined);
        vocabulary.Add("<|mask|>", UserDefined);
        for (var k = 1; k <= 20; k++)
        {
            vocabulary.Add($"<|control{k}|>", UserDefined);
        }

        for (var value = 0; value < 256; value++)
        {
            vocabulary.Add($"<0x{value:X2}>", Byte);
        }

        var letters = Enumerable.Range(0, 26).SelectMany(i => new[] { (char)('a' + i), (char)('A' + i) });
        foreach (var letter in letters.Prepend('▁'))
        {
            vocabulary.Add(letter.ToString(), Normal);
        }

        foreach (var (left, right) in SynthWords.Merges('▁'))
        {
            if (vocabulary.Count == total)
            {
                break;
            }

            vocabulary.Add(left + right, Normal);
        }

        return vocabulary.Ids("[BOS]", "[EOS]", null, "[PAD]").Id("unknown", "[UNK]").Flag("add_bos_token", false).Flag("add_eos_token", false)
            .Flag("add_space_prefix", true);
    }

    public void Write(GgufWriter writer)
    {
        writer.Set("tokenizer.ggml.model", _model).Set("tokenizer.ggml.pre", _pre).Set("tokenizer.ggml.tokens", _tokens);
        if (_merges.Count > 0)
        {
            writer.Set("tokenizer.ggml.merges", _merges);
        }
        else
        {
            writer.Set("tokenizer.ggml.scores", Scores());
        }

        writer.Set("tokenizer.ggml.token_type", _types);
        _ids.ForEach(id => writer.Set(id.Key, id.Value));
        _flags.ForEach(flag => writer.Set(flag.Key, flag.Value));
    }

    // The 256 byte symbols in GPT-2's order and spelling, then merged words up to the given number.
    private void AddByteLevel(int count)
    {
        foreach (var symbol in SynthWords.ByteSymbols())
        {
            Add(symbol.ToString(), Normal);
        }

        foreach (var (left, right) in SynthWords.Merges('Ġ').Take(count - 256))
        {
            _merges.Add($"{left} {right}");
            Add(left + right, Normal);
        }
    }

    private void AddRepeats(char c, int least, int most)
    {
        for (var length = least; length <= most; length++)
        {
            Add(new string(c, length), UserDefined);
        }
    }

    private void Pad(int total)
    {
        while (Count < total)
        {
            Add($"[PAD{Count}]", Unused);
        }
    }

    private void Add(string token, int type)
    {
        _tokens.Add(token);
        _types.Add(type);
    }

    private SynthVocabulary Ids(string bos, string eos, string? eot, string pad)
    {
        Id("bos", bos).Id("eos", eos).Id("padding", pad);
        return eot is null ? this : Id("eot", eot);
    }

    private SynthVocabulary Id(string role, string token)
    {
        _ids.Add((IdKey(role), (uint)_tokens.IndexOf(token)));
        return this;
    }

    private SynthVocabulary Flag(string key, bool value)
    {
        _flags.Add((FlagKey(key), value));
        return this;
    }

    private static string IdKey(string role) => $"tokenizer.ggml.{role}_token_id";

    private static string FlagKey(string key) => $"tokenizer.ggml.{key}";
}
