using Keypace.Demo;

return args switch
{
    ["demo"] => await new DemoCommand(TimeProvider.System).RunAsync(once: false),
    ["demo", "--once"] => await new DemoCommand(TimeProvider.System).RunAsync(once: true),
    ["hub", .. var options] => await HubCommand.RunAsync(options),
    _ => Explain(),
};

static int Explain()
{
    Console.Error.WriteLine($"demo [--once]   (./dev demo builds what it needs first)\n{HubCommand.Usage}");
    return 2;
}
