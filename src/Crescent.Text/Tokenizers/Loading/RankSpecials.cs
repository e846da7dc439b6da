namespace Crescent.Text.Tokenizers;

/// <summary>The control tokens that belong to rank files but are not in them, by family; counted from the number of ranks.</summary>
internal static class RankSpecials
{
    private static readonly string[] s_qwen2 =
    [
        "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>", "<|box_end|>",
        "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>", "<|image_pad|>", "<|video_pad|>",
        "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>",
        "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>",
    ];

    private static readonly Dictionary<int, string> s_kimi = new()
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

    private static readonly Dictionary<int, string> s_deepSeekV3 = new()
    {
        [798] = "<think>",
        [799] = "</think>",
        [800] = "<｜fim▁hole｜>",
        [801] = "<｜fim▁begin｜>",
        [802] = "<｜fim▁end｜>",
        [803] = "<｜User｜>",
        [804] = "<｜Assistant｜>",
        [805] = "<|EOT|>",
        [806] = "<｜tool▁calls▁begin｜>",
        [807] = "<｜tool▁calls▁end｜>",
        [808] = "<｜tool▁call▁begin｜>",
        [809] = "<｜tool▁call▁end｜>",
        [810] = "<｜tool▁outputs▁begin｜>",
        [811] = "<｜tool▁outputs▁end｜>",
        [812] = "<｜tool▁output▁begin｜>",
        [813] = "<｜tool▁output▁end｜>",
        [814] = "<｜tool▁sep｜>",
    };

    private static readonly Dictionary<int, string> s_llama3 = new()
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

    private static readonly Dictionary<int, string> s_o200k = new()
    {
        [199998] = "<|startoftext|>",
        [199999] = "<|endoftext|>",
        [200002] = "<|return|>",
        [200003] = "<|constrain|>",
        [200005] = "<|channel|>",
        [200006] = "<|start|>",
        [200007] = "<|end|>",
        [200008] = "<|message|>",
        [200012] = "<|call|>",
        [200018] = "<|endofprompt|>",
    };

    public static IEnumerable<(int Id, string Name)> Kimi(int ranks) =>
        Enumerable.Range(0, 256).Select(k => (ranks + k, s_kimi.GetValueOrDefault(k) ?? $"<|reserved_token_{ranks + k}|>"));

    // Ids 0 to 2 come before the ranks, which therefore begin at 3.
    public static IEnumerable<(int Id, string Name)> DeepSeekV3(int ranks) =>
        Enumerable.Range(0, 815)
            .Select(k => (ranks + k, s_deepSeekV3.GetValueOrDefault(k) ?? $"<｜place▁holder▁no▁{k}｜>"))
            .Concat([(0, "<｜begin▁of▁sentence｜>"), (1, "<｜end▁of▁sentence｜>"), (2, "<｜▁pad▁｜>")]);

    /// <summary>The harmony encoding: every id up to 201087 is reserved.</summary>
    public static IEnumerable<(int Id, string Name)> O200k(int ranks) =>
        Enumerable.Range(ranks, Math.Max(0, 201088 - ranks)).Select(id => (id, s_o200k.GetValueOrDefault(id) ?? $"<|reserved_{id}|>"));

    public static IEnumerable<(int Id, string Name)> Llama3(int ranks)
    {
        var reserved = 0;
        for (var k = 0; k < 256; k++)
        {
            yield return (ranks + k, s_llama3.GetValueOrDefault(k) ?? $"<|reserved_special_token_{reserved++}|>");
        }
    }

    public static IEnumerable<(int Id, string Name)> Qwen2(int ranks) => s_qwen2.Select((name, k) => (ranks + k, name));
}
