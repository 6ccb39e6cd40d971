# Scenarios and results: files around the simulator, which itself knows none.
relay_module(scenario
    SOURCES record.c record_schema.c scenario.c scenario_fields.c scenario_generated.c scenario_hardware.c scenario_inputs.c
            scenario_names.c scenario_places.c scenario_rollout.c scenario_sample.c scenario_twins.c results_folder.c results_fairness.c results_hash.c
            results_statistics.c
    DEPENDS cost_profile network files base
    LIBS jansson openssl m
    DEFINES _GNU_SOURCE
    TESTS record_test.c scenario_test.c scenario_generated_test.c scenario_hardware_test.c scenario_inputs_test.c scenario_names_test.c scenario_places_test.c
          scenario_rollout_test.c scenario_sample_test.c scenario_twins_test.c results_folder_test.c results_fairness_test.c results_hash_test.c
          results_statistics_test.c
    FUZZERS scenario_fuzz.c)
relay_module(results
    SOURCES plan_json.c plan_paths.c scenario_plan.c results.c results_observed.c results_outside.c results_plots.c results_resume.c results_series.c results_summary.c results_sustained.c
    DEPENDS scenario sim base
    LIBS jansson
    DEFINES _GNU_SOURCE
    TESTS plan_json_test.c plan_paths_test.c scenario_plan_test.c results_outside_test.c results_test.c results_resume_test.c results_summary_test.c results_sustained_test.c)
