namespace Crescent.Tests.Comparisons;

/// <summary>What llama.cpp's and ik_llama.cpp's llama-bench write: shortened copies of real help and reports.</summary>
internal static class PeerReports
{
    public const string LlamaHelp =
        """
        usage: build/bin/llama-bench [options]

        options:
          -h, --help
          -r, --repetitions <n>                       number of times to repeat each test (default: 5)
          -o, --output <csv|json|jsonl|md|sql>        output format printed to stdout (default: md)

        test parameters:
          -m, --model <filename>                            (default: models/7B/ggml-model-q4_0.gguf)
          -p, --n-prompt <n>                                (default: 512)
          -n, --n-gen <n>                                   (default: 128)
          -pg <pp,tg>                                       (default: )
          -d, --n-depth <n>                                 (default: 0)
          -b, --batch-size <n>                              (default: 2048)
          -ub, --ubatch-size <n>                            (default: 512)
          -t, --threads <n>                                 (default: 2)
        """;

    public const string IkHelp =
        """
        usage: ik/build/bin/llama-bench [options]

        options:
          -h, --help
          -m, --model <filename>              (default: models/7B/ggml-model-q4_0.gguf)
          -p, --n-prompt <n>                  (default: 512)
          -n, --n-gen <n>                     (default: 128)
          -pg <pp,tg>                         (default: )
          -gp <pp,tg>                         (default: )
          -b, --batch-size <n>                (default: 2048)
          -ub, --ubatch-size <n>              (default: 512)
          -t, --threads <n>                   (default: {2, 2})
          -o, --output <csv|json|md|sql>      (default: md)
          -rtr, --run-time-repack <0|1>       (default: 0)
        """;

    public static string Report(params string[] tests) => $"[\n{string.Join(",\n", tests)}\n]\n";

    public static string Test(int prompt, int tokens, params double[] samples) =>
        $$"""
          {
            "build_commit": "8337e4cd3",
            "build_number": 4840,
            "cpu_info": "AMD EPYC",
            "model_filename": "/tmp/models/m.gguf",
            "model_type": "llama ?B Q8_0",
            "n_threads": 2,
            "n_prompt": {{prompt}},
            "n_gen": {{tokens}},
            "test_time": "2026-11-25T04:05:11Z",
            "avg_ns": 183438060,
            "samples_ns": [ 157948087, 208928034 ],
            "samples_ts": [ {{string.Join(", ", samples.Select(sample => sample.ToString(System.Globalization.CultureInfo.InvariantCulture)))}} ]
          }
        """;
}
