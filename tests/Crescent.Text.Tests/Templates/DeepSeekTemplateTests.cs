using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Templates;

public class DeepSeekTemplateTests
{
    private const string Begin = "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hi<｜Assistant｜>";

    // As the published template of V3.1 renders it.
    private const string LoopV31 =
        Begin + "</think>\n\nHello.<｜end▁of▁sentence｜><｜User｜>Time in Rome and Oslo?<｜Assistant｜></think><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_time<｜tool▁sep｜>"
        + "{\"city\": \"Rome\"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>get_time<｜tool▁sep｜>{\"city\": \"Oslo\"}<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>"
        + "<｜tool▁output▁begin｜>10:00<｜tool▁output▁end｜><｜tool▁output▁begin｜>11:00<｜tool▁output▁end｜>";

    private const string LoopR1 =
        Begin + "\n\nHello.<｜end▁of▁sentence｜><｜User｜>Time in Rome and Oslo?<｜Assistant｜><｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_time\n"
        + "```json\n{\"city\": \"Rome\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_time\n```json\n{\"city\": \"Oslo\"}\n```<｜tool▁call▁end｜>"
        + "<｜tool▁calls▁end｜><｜end▁of▁sentence｜><｜tool▁outputs▁begin｜><｜tool▁output▁begin｜>10:00<｜tool▁output▁end｜>\n<｜tool▁output▁begin｜>11:00<｜tool▁output▁end｜>"
        + "<｜tool▁outputs▁end｜>";

    private static readonly PromptRequest s_question = new([new ChatMessage("system", "A"), new ChatMessage("user", "x"), new ChatMessage("system", "B")]);

    [Theory]
    [InlineData("deepseek-v3.1", LoopV31, "</think>")]
    [InlineData("deepseek-r1", LoopR1, "<think>\n")]
    public void A_tool_loop_is_rendered_with_its_calls_and_goes_on_without_a_new_turn(string name, string expected, string end)
    {
        var template = TemplateFactory.Create(name);
        Assert.Equal(expected, Prompts.Text(template, Prompts.ToolLoop));
        var tokenizer = Loaded.Get("deepseek-v3");
        Assert.Equal(tokenizer.Encode(expected, parseSpecial: true), PromptEncoder.Encode(template.Render(Prompts.ToolLoop), tokenizer));
        var answered = new PromptRequest([.. Prompts.ToolLoop.Messages, new ChatMessage("assistant", "<think>a</think>Now."), new ChatMessage("user", "y")]);
        Assert.Equal(expected + "Now.<｜end▁of▁sentence｜><｜User｜>y<｜Assistant｜>" + end, Prompts.Text(template, answered));
    }

    [Theory]
    [InlineData("deepseek-v3", null, "")]
    [InlineData("deepseek-v3", true, "")]
    [InlineData("deepseek-r1", null, "<think>\n")]
    [InlineData("deepseek-r1", false, "<think>\n\n</think>\n\n")]
    [InlineData("deepseek-v3.1", null, "</think>")]
    [InlineData("deepseek-v3.1", true, "<think>")]
    public void The_generation_prompt_opens_or_closes_reasoning(string name, bool? thinking, string end) =>
        Assert.Equal("<｜begin▁of▁sentence｜>A\n\nB<｜User｜>x<｜Assistant｜>" + end, Prompts.Text(TemplateFactory.Create(name), s_question with { Thinking = thinking }));

    [Fact]
    public void Tools_are_declared_after_the_system_message()
    {
        var request = s_question with { Tools = [Prompts.GetTime] };
        Assert.StartsWith(
            """
            <｜begin▁of▁sentence｜>A

            B

            ## Tools
            You have access to the following tools:

            ### get_time
            Description: Time in <city>

            Parameters: {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

            IMPORTANT: ALWAYS adhere to this exact format for tool use:
            <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>tool_call_name<｜tool▁sep｜>tool_call_arguments<｜tool▁call▁end｜>{additional_tool_calls}<｜tool▁calls▁end｜>
            """,
            Prompts.Text(TemplateFactory.Create("deepseek-v3.1"), request));
        Assert.Contains("\n- `get_time`:\n```json\n{\"name\": \"get_time\", ", Prompts.Text(TemplateFactory.Create("deepseek-v3"), request));
    }
}
