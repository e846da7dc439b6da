using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Templates;

public class Llama3TemplateTests
{
    // As chat_template of Llama-3.1-8B-Instruct spells it, but for results, which it quotes where they are text.
    [Fact]
    public void Tools_stand_in_the_first_question_and_calls_are_turns()
    {
        var request = new PromptRequest(
        [
            new ChatMessage("system", " Be brief. "),
            new ChatMessage("user", "Time in Rome?"),
            new ChatMessage("assistant", null) { ToolCalls = [new ToolCall("call_0", "get_time", """{"city": "Rome"}""")] },
            new ChatMessage("tool", "10:00") { ToolCallId = "call_0" },
        ])
        {
            Tools = [Prompts.Tool("""{"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}, "required": ["a", 1]}}}""")],
            CurrentDate = new DateOnly(2024, 7, 26),
        };
        Assert.Equal(
            """
            <|begin_of_text|><|start_header_id|>system<|end_header_id|>

            Environment: ipython
            Cutting Knowledge Date: December 2023
            Today Date: 26 Jul 2024

            Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

            Given the following functions, please respond with a JSON for a function call with its proper arguments that best answers the given prompt.

            Respond in the format {"name": function name, "parameters": dictionary of argument name and its value}.Do not use variables.

            {
                "type": "function",
                "function": {
                    "name": "get_time",
                    "parameters": {
                        "type": "object",
                        "properties": {},
                        "required": [
                            "a",
                            1
                        ]
                    }
                }
            }

            Time in Rome?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

            {"name": "get_time", "parameters": {"city": "Rome"}}<|eot_id|><|start_header_id|>ipython<|end_header_id|>

            10:00<|eot_id|><|start_header_id|>assistant<|end_header_id|>


            """,
            Prompts.Text(new Llama3Template(), request));
    }
}
